"""Files that an evaluation is written to, read again."""

import csv
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from boxgauge.cli.outputs import COLUMNS

from .conftest import Boxgauge

Pair = tuple[Path, Path]


def test_each_ending_gets_its_format(
    boxgauge: Boxgauge, pair: Pair, graphs_dir: Path, tmp_path: Path
) -> None:
    gt, dt = pair
    files = [tmp_path / f"found.{ending}" for ending in ("json", "csv", "PARQUET")]
    asked = [word for file in files for word in ("--out", file)]
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json", *asked)
    assert ended.status == 0
    as_json, as_csv, as_parquet = files
    document = json.loads(ended.out)
    assert json.loads(as_json.read_text()) == document
    with as_csv.open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pyarrow.parquet.read_table(as_parquet).to_pylist()
    assert len(rows) == len(table)
    assert list(rows[0]) == list(table[0]) == list(COLUMNS)
    for row, same in zip(rows, table, strict=True):
        assert row == {key: "" if value is None else str(value) for key, value in same.items()}


def test_the_long_table_has_every_cut_and_no_value_where_none_is(
    boxgauge: Boxgauge, pair: Pair, graphs_dir: Path, tmp_path: Path
) -> None:
    gt, dt = pair
    file = tmp_path / "found.parquet"
    ended = boxgauge(
        "eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json", "--out", file
    )
    statistics = json.loads(ended.out)["statistics"]
    rows = pyarrow.parquet.read_table(file).to_pylist()
    # Two metrics; all classes and two; four areas; three maxima; ten thresholds and their mean.
    assert len(rows) == 2 * 3 * 4 * 3 * 11

    def value(metric: str, **cut: object) -> object:
        wanted = {"metric": metric, "class": None, "iou": None, "area": "all"}
        wanted |= {"max_detections": 100} | cut
        (row,) = (each for each in rows if wanted.items() <= each.items())
        return row["value"]

    assert value("AP") == statistics["AP"]
    assert value("AP", iou=0.5) == statistics["AP50"]
    assert value("AP", area="medium") == statistics["APm"]
    assert value("AR", max_detections=10) == statistics["AR10"]
    assert value("AP", **{"class": "dog [red]"}) is None


def test_an_unknown_ending_is_refused_before_anything_is_read(
    boxgauge: Boxgauge, tmp_path: Path
) -> None:
    ended = boxgauge("eval", "--gt", "no.json", "--dt", "no.json", "--out", tmp_path / "a.xlsx")
    assert ended.status == 2
    assert "--out must be a file ending in .json, .csv, .parquet: got" in ended.err


def test_a_file_that_cannot_be_written_is_one_line(
    boxgauge: Boxgauge, pair: Pair, graphs_dir: Path, tmp_path: Path
) -> None:
    gt, dt = pair
    missing = tmp_path / "no" / "such" / "folder.csv"
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--out", missing)
    assert ended.status == 2
    assert ended.err.count("\n") <= 2
    assert "folder.csv" in ended.err
    assert "internal fault" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--iou", "0.3,0.5"), ["AP", "AP50", "APs", "APm", "APl"]),
        (("--areas", "all=0:,tiny=0:256"), ["AP", "AP50", "AP75", "AP_tiny"]),
        (("--max-detections", "300"), ["AP", "AP50", "AP75", "APs", "APm", "APl"]),
    ],
)
def test_other_settings_have_other_names(
    boxgauge: Boxgauge, pair: Pair, graphs_dir: Path, arguments: tuple[str, ...], names: list[str]
) -> None:
    gt, dt = pair
    asked = ("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir)
    found = json.loads(boxgauge(*asked, "--json", *arguments).out)["statistics"]
    assert [name for name in found if name.startswith("AP")] == names
    printed = boxgauge(*asked, *arguments).out
    for name in found:
        assert f"  {name} " in printed


def test_class_agnostic_has_one_class(boxgauge: Boxgauge, pair: Pair, graphs_dir: Path) -> None:
    gt, dt = pair
    asked = ("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json", "--full")
    document = json.loads(boxgauge(*asked, "--class-agnostic").out)
    assert [each["name"] for each in document["classes"]] == ["all classes"]
    assert document["confusion"]["classes"] == ["all classes", None]
