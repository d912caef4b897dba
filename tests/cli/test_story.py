"""What a replay says of its images, and an export of its files."""

import json
from pathlib import Path

import pytest

from boxgauge.cli.exported import write_tallies
from boxgauge.cli.streaming import Story
from boxgauge.client import ExportedTally, Window
from boxgauge.frames import InvalidInputError


def test_time_goes_on_from_image_to_image_whatever_the_batch() -> None:
    story = Story(start_s=100.0, step_s=0.5)
    assert story.event_times(range(3)) + story.event_times(range(3, 5)) == [
        100,
        100.5,
        101,
        101.5,
        102,
    ]
    assert Story().event_times(range(3)) == []


def test_values_of_a_tag_take_turns() -> None:
    story = Story(tags={"camera": ["north", "south"], "site": ["here"]})
    assert story.tags_of(range(1, 4)) == {
        "camera": ["south", "north", "south"],
        "site": ["here", "here", "here"],
    }


def test_tallies_are_files_with_an_index(tmp_path: Path) -> None:
    window = Window("1h", 1, 2)
    tallies = [
        ExportedTally("team/v1", "", window, b"all"),
        ExportedTally("team/v1", "camera=../../etc", window, b"one"),
        ExportedTally("x" * 100, "camera=" + "é" * 60, None, b"two"),
    ]
    folder = tmp_path / "new" / "folder"
    written = write_tallies(folder, tallies)
    assert json.loads((folder / "index.json").read_text()) == written
    assert [(folder / each["file"]).read_bytes() for each in written] == [b"all", b"one", b"two"]
    assert {each.parent for each in folder.rglob("*.tally")} == {folder}
    assert written[1]["slice"] == "camera=../../etc"
    assert written[0]["window"] == {"name": "1h", "from_us": 1, "until_us": 2}
    with pytest.raises(InvalidInputError, match=r"^--out must be a folder without an index.json"):
        write_tallies(folder, tallies)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match=r"^--out must be a folder that can be written"):
        write_tallies(tmp_path / "file", [])
