"""``boxgauge export --composition``: a described total loss as graphs."""

import json
from pathlib import Path

import pytest

from boxgauge.export import read_manifest
from tests.cli.conftest import Boxgauge


def test_a_described_loss_is_exported_with_its_gradient(boxgauge: Boxgauge, tmp_path: Path) -> None:
    file, out = tmp_path / "mine.json", tmp_path / "graphs"
    file.write_text(json.dumps({"name": "mine", "terms": [{"loss": "dice_loss", "weight": 3}]}))
    ended = boxgauge("export", "--composition", file, "--out", out)
    assert (ended.status, ended.err.count("mine")) == (0, 2), ended.err
    assert ended.out == f"2 graphs are up to date in {out}\n"
    assert [record.name for record in read_manifest(out)] == ["mine", "mine_gradient"]

    listed = boxgauge("graphs", "--graphs", out)
    (row,) = (line.split() for line in listed.out.splitlines() if line.startswith("mine "))
    assert row[1] == "total"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "is not JSON: ", id="not-json"),
        pytest.param("[1]", "a mapping is wanted: got [1]", id="a-list"),
        pytest.param('{"terms": [{"loss": "x"}]}', "terms[0]: loss must be one of ", id="loss"),
        pytest.param(
            '{"terms": [{"loss": "dice_loss", "options": {"smooth": 0}}]}',
            "terms[0]: dice_loss: smooth must be in [1e-16, 1e6]: got 0",
            id="option",
        ),
    ],
)
@pytest.mark.usefixtures("signatures_unchecked")
def test_a_description_that_cannot_be_is_one_line(
    boxgauge: Boxgauge, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "mine.json"
    file.write_text(text)
    ended = boxgauge("export", "--composition", file, "--out", tmp_path / "graphs")
    assert ended.status == 2
    assert ended.err.startswith(f"boxgauge: {file}")
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "graphs").exists()


def test_a_missing_file_is_one_line(boxgauge: Boxgauge, tmp_path: Path) -> None:
    ended = boxgauge("export", "--composition", tmp_path / "no.json", "--out", tmp_path / "graphs")
    assert ended.status == 2
    assert (
        ended.err == f"boxgauge: {tmp_path / 'no.json'} cannot be read: No such file or directory\n"
    )


def test_a_composition_does_not_take_the_place_of_the_catalog(
    boxgauge: Boxgauge, tmp_path: Path
) -> None:
    ended = boxgauge("export", "--composition", tmp_path / "mine.json")
    assert ended.status == 2
    assert ended.err == "boxgauge: --composition needs --out: a folder for its graphs alone\n"
