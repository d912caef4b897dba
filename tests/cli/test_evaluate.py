import json
import re
from pathlib import Path

import pytest

from .conftest import Boxgauge

STATISTICS = [
    "AP",
    "AP50",
    "AP75",
    "APs",
    "APm",
    "APl",
    "AR1",
    "AR10",
    "AR100",
    "ARs",
    "ARm",
    "ARl",
]


def test_the_object_on_standard_output_is_all_there_is(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json")
    assert ended.status == 0
    document = json.loads(ended.out)
    assert list(document["statistics"]) == STATISTICS
    assert ended.out.count("\n") == 1
    # One box is found exactly, the other at IoU 0.75: six of the ten thresholds.
    assert document["statistics"]["AP50"] == pytest.approx(1)
    assert document["statistics"]["AR100"] == pytest.approx(0.8)
    assert document["statistics"]["APl"] is None
    cat, dog = document["classes"]
    assert (cat["id"], cat["name"], cat["positives"], cat["detections"]) == (1, "cat", 2, 2)
    assert (dog["name"], dog["AP"], dog["positives"]) == ("dog [red]", None, 0)
    assert document["images"] == 3
    assert document["dropped_detections"] == 1
    assert ended.err.startswith("dropped 1 detection: their category is not in ")


def test_the_table_can_be_read(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir)
    assert ended.status == 0
    assert "AP50" in ended.out
    assert "dog [red]" in ended.out
    assert "–" in ended.out
    assert not re.search(r"-1\.0|nan|None", ended.out)


def test_no_detection_is_an_answer(
    boxgauge: Boxgauge, pair: tuple[Path, Path], graphs_dir: Path
) -> None:
    gt, dt = pair
    dt.write_text("[]")
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json")
    document = json.loads(ended.out)
    assert document["statistics"]["AP"] == 0
    assert document["notes"] == ["the result file is empty: no detections at all"]


@pytest.mark.parametrize("strict", [(), ("--strict",)])
def test_real_pairs_equal_pycocotools_in_all_bits(
    boxgauge: Boxgauge,
    shared_pair: tuple[Path, Path, list[str]],
    graphs_dir: Path,
    strict: tuple[str, ...],
) -> None:
    gt, dt, expected = shared_pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", graphs_dir, "--json", *strict)
    statistics = json.loads(ended.out)["statistics"]
    assert [statistics[name].hex() for name in STATISTICS] == expected


def test_a_folder_without_graphs_is_one_line(
    boxgauge: Boxgauge, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    gt, dt = pair
    ended = boxgauge("eval", "--gt", gt, "--dt", dt, "--graphs", tmp_path)
    assert ended.status == 2
    assert ended.err.count("\n") == 1
    assert "Traceback" not in ended.err
