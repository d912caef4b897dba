"""Windows, slices, comparisons and tallies through the command, on the real service."""

import json
from pathlib import Path

import pytest

from boxgauge.engine import ExactTally

from .conftest import Boxgauge
from .test_replay import replayed

START = "2026-01-01T00:00:00Z"


@pytest.fixture
def monitor(
    boxgauge: Boxgauge, pair: tuple[Path, Path], tmp_path: Path, target: str
) -> tuple[str, tuple[object, ...]]:
    """Return a monitor with three images, an hour apart, of two cameras and two models."""
    name = f"online/{tmp_path.name}"[:100]
    to = ("--target", target)
    ended = boxgauge(
        *("monitor", "create", name, "--gt", pair[0], *to),
        *("--window", "all", "--window", "1h", "--slice", "camera", "--compare", "a,b"),
    )
    assert ended.status == 0, ended.err
    said = ("--start", START, "--time-step", 3600, "--tag", "camera=north,south")
    for model in ("a", "b"):
        ended = boxgauge(*replayed(pair, target, name), "--model", model, *said)
        assert ended.status == 0, ended.err
    return name, to


def test_a_report_is_of_a_window_and_a_slice(
    boxgauge: Boxgauge, monitor: tuple[str, tuple[object, ...]]
) -> None:
    name, to = monitor

    def images(*where: str) -> int:
        asked = ("report", "--monitor", name, "--model", "a", "--json", *where, *to)
        found: int = json.loads(boxgauge(*asked).out)["images"]
        return found

    assert images() == images("--window", "all") == 3
    assert images("--window", "1h") == 1
    assert images("--slice", "camera=north") == 2
    ended = boxgauge("report", "--monitor", name, "--model", "a", "--window", "2h", *to)
    assert ended.status == 2
    assert "window must be one of all, 1h: got '2h'" in ended.err
    ended = boxgauge("report", "--monitor", name, "--model", "a", "--window", "1h", *to)
    assert "window 1h: 2026-01-01" in ended.out


def test_a_watch_is_of_a_window(
    boxgauge: Boxgauge, monitor: tuple[str, tuple[object, ...]]
) -> None:
    name, to = monitor
    where = ("--model", "a", "--window", "1h", "--slice", "camera=north")
    ended = boxgauge("watch", name, "--count", 1, "--json", *where, *to)
    document = json.loads(ended.out)
    assert (document["window"]["name"], document["slice"]) == ("1h", "camera=north")
    assert document["images"] == 1


def test_models_are_compared(boxgauge: Boxgauge, monitor: tuple[str, tuple[object, ...]]) -> None:
    name, to = monitor
    ended = boxgauge("monitor", "compare", name, "a", "b", *to)
    assert ended.status == 0, ended.err
    assert f"monitor {name}: b against a on 3 images" in ended.out
    assert "+0.0000" in ended.out
    document = json.loads(boxgauge("monitor", "compare", name, "a", "b", "--json", *to).out)
    assert document["statistics"]["AP50"]["difference"] == 0


def test_tallies_are_exported(
    boxgauge: Boxgauge, monitor: tuple[str, tuple[object, ...]], tmp_path: Path
) -> None:
    name, to = monitor
    folder = tmp_path / "tallies"
    ended = boxgauge("monitor", "export", name, "--model", "a", "--out", folder, *to)
    assert ended.status == 0, ended.err
    index = json.loads((folder / "index.json").read_text())
    assert {each["model"] for each in index} == {"a"}
    held = {
        each["slice"]: len(ExactTally.from_bytes((folder / each["file"]).read_bytes()))
        for each in index
    }
    assert (held[""], held["camera=north"], held["camera=south"]) == (3, 2, 1)
    ended = boxgauge("monitor", "export", name, "--out", folder, *to)
    assert ended.status == 2
    assert "--out must be a folder without an index.json" in ended.err


def test_a_monitor_lists_its_windows_and_its_newest_image(
    boxgauge: Boxgauge, monitor: tuple[str, tuple[object, ...]]
) -> None:
    name, to = monitor
    (found,) = (
        each
        for each in json.loads(boxgauge("monitor", "list", "--json", *to).out)
        if each["name"] == name
    )
    assert found["settings"]["windows"] == ["all", "1h"]
    assert found["settings"]["slices"] == {"camera": 100}
    assert found["models"] == ["a", "b"]
    assert "2026-01-01 02:00:00Z" in boxgauge("monitor", "list", *to).out
