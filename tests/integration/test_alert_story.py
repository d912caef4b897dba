"""The story of an alert, as the demo tells it: in the real Prometheus, and without one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.integration.servers import ENVIRONMENT, ROOT
from tests.tools import require_tool

ORDER = ["stalled", "deployed", "labelled", "pending", "firing", "resolved"]
FOR_MIN = 15.0


def told(out: Path, graphs: Path, *options: str) -> dict[str, Any]:
    """Return what the demo's story leaves behind."""
    done = subprocess.run(
        [
            *(sys.executable, str(ROOT / "examples" / "demo.py"), "--story-only"),
            *("--out", str(out), *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=os.environ | ENVIRONMENT | {"BOXGAUGE_GRAPHS": str(graphs)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    story: dict[str, Any] = json.loads((out / "story.json").read_text(encoding="utf-8"))
    return story


def assert_told_well(story: dict[str, Any], out: Path) -> None:
    events = {each["what"]: each["minute"] for each in story["events"]}
    assert list(events) == ORDER
    assert list(events.values()) == sorted(events.values())
    states = story["history"]["states"]
    before = {state for minute, state in states if minute < events["labelled"]}
    assert before == {"inactive"}, "nothing is known before labels come"
    assert states[-1][1] == "inactive"
    # Low coverage is why: it was below the gate while labels had stalled.
    assert min(value for _, value in story["history"]["coverage"]) < 0.5
    with Image.open(out / "story.png") as picture:
        assert picture.width > 1000
        assert len(picture.convert("RGB").getcolors(maxcolors=1 << 20) or []) > 10


@pytest.mark.tools
def test_the_shipped_alert_fires_and_resolves_in_the_real_prometheus(
    tmp_path: Path, graphs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_tool("prometheus")
    story = told(tmp_path, graphs_dir)
    assert story["watched_by"] == "Prometheus"
    assert_told_well(story, tmp_path)

    # What stands in for Prometheus on other machines, given the same numbers, says the same.
    monkeypatch.syspath_prepend(ROOT / "examples")
    from alert_story.gate import Gate, Reading

    history, gate = story["history"], Gate()
    lines = {name: dict(map(tuple, history[name])) for name in ("low", "high", "coverage")}
    source = frozenset({"random"})
    differing = 0
    for minute, state in history["states"]:
        found = [lines[name].get(minute) for name in ("low", "high", "coverage")]
        reading = Reading(minute, found[0], found[1], 500, found[2], source)
        differing += gate.judge(reading)[0] != state
    # Each of the three changes may be seen a step of the rules' evaluation apart, or two.
    assert differing <= 8, (differing, len(history["states"]))


def test_the_story_is_told_from_reports_where_there_is_no_prometheus(
    tmp_path: Path, graphs_dir: Path
) -> None:
    story = told(tmp_path, graphs_dir, "--without-prometheus", "--speed", "600")
    assert story["watched_by"] == "the reports themselves"
    assert_told_well(story, tmp_path)
