"""The demo's rules are the shipped ones, and what stands in for Prometheus asks the same."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools import require_tool

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docker" / "prometheus" / "rules"
SAMPLE = ROOT / "examples" / "sample"


@pytest.fixture(autouse=True, scope="module")
def _examples_importable() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "examples")
        yield


def shipped(name: str) -> dict[str, str]:
    """Return one shipped rule."""
    groups = yaml.safe_load((RULES / "boxgauge.rules.yml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return next(rule for rule in rules if name in (rule.get("alert"), rule.get("record")))


@pytest.mark.parametrize("path", sorted(RULES.glob("*.yml")), ids=lambda path: path.name)
def test_only_durations_differ_in_faster_rules(path: Path) -> None:
    from alert_story.faster_rules import faster

    text = path.read_text(encoding="utf-8")
    made = faster(text, 240, shortest_range_s=4)
    duration = re.compile(r"(for: |\[|offset )\d+[a-z]+")
    assert duration.sub(r"\1_", made) == duration.sub(r"\1_", text)
    assert all(
        found.endswith("ms") for found in re.findall(r"(?:for: |\[|offset )(\d+[a-z]+)", made)
    )


def test_durations_are_divided_and_ranges_stay_long_enough() -> None:
    from alert_story.faster_rules import faster

    rule = "for: 15m\nexpr: rate(a[5m]) + b[1d] offset 1h + c[90s]"
    assert faster(rule, 240, shortest_range_s=4) == (
        "for: 3750ms\nexpr: rate(a[4000ms]) + b[360000ms] offset 15000ms + c[4000ms]"
    )


@pytest.mark.tools
def test_promtool_takes_the_faster_rules(tmp_path: Path) -> None:
    from alert_story.faster_rules import write_faster

    write_faster(RULES, tmp_path, 240, shortest_range_s=4)
    command = [require_tool("promtool"), "check", "rules", *map(str, tmp_path.glob("*.yml"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_gate_asks_for_what_the_rule_asks_for() -> None:
    from alert_story import gate

    alert = shipped("BoxGaugePrecisionDropped")
    past = shipped("report:boxgauge_ap50_low:median_1d")["expr"]
    sources = shipped("report:boxgauge_label_sources:count_25h")["expr"]
    minutes = {"m": 1, "h": 60, "d": 1440}

    def duration(pattern: str, text: str) -> float:
        count, unit = re.findall(pattern + r"(\d+)([mhd])", text)[0]
        return int(count) * minutes[unit]

    assert duration("^", alert["for"]) == gate.FOR_MIN
    assert duration(r"\[", past) == gate.PAST_MIN
    assert duration("offset ", past) == gate.OFFSET_MIN
    assert duration(r"\[", sources) == gate.SOURCES_MIN
    asked = dict(re.findall(r"(boxgauge_\w+) >= ([\d.]+)", alert["expr"]))
    assert {name: float(value) for name, value in asked.items()} == {
        "boxgauge_positives": gate.POSITIVES,
        "boxgauge_label_coverage_ratio": gate.COVERAGE,
    }
    assert "quantile_over_time(0.5," in past


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=3, unique=True).map(sorted))
def test_the_gate_fires_on_the_end_of_the_interval_alone(ends: list[float]) -> None:
    from alert_story.gate import Gate, Reading
    from alert_story.history import FIRING, INACTIVE, PENDING

    lowest, middle, highest = ends
    one = frozenset({"random"})

    def judged(
        high: float, *, positives: int = 50, coverage: float = 0.5, sources: int = 1
    ) -> set[str]:
        """Return the states over an hour after an hour whose lower end was ``middle``."""
        gate = Gate()
        for minute in range(61):
            gate.judge(Reading(minute, middle, highest, 50, 0.5, one))
        several = frozenset({"random", *(str(k) for k in range(1, sources))})
        readings = [
            Reading(minute, lowest, high, positives, coverage, several) for minute in range(61, 100)
        ]
        return {gate.judge(each)[0] for each in readings}

    below = (lowest + middle) / 2
    if lowest < below < middle:
        assert judged(below) == {PENDING, FIRING}
        assert judged(below, positives=49) == {INACTIVE}
        assert judged(below, coverage=0.49) == {INACTIVE}
        assert judged(below, sources=2) == {INACTIVE}
    assert judged(highest) == {INACTIVE}
    assert judged(middle) == {INACTIVE}


def test_the_bad_version_s_boxes_are_smaller_about_the_same_centres() -> None:
    from alert_story.footage import SHRUNK_TO, Footage, Shot

    footage = Footage(SAMPLE)
    good, bad = (
        np.frombuffer(part.boxes).reshape(-1, 4)
        for is_bad in (False, True)
        for part in footage.predictions([Shot(3, 1.7e9, is_bad)])
    )
    assert len(good) > 10
    np.testing.assert_allclose(bad[:, 2:], good[:, 2:] * SHRUNK_TO)
    np.testing.assert_allclose(bad[:, :2] + bad[:, 2:] / 2, good[:, :2] + good[:, 2:] / 2)


def test_a_scene_that_comes_again_is_the_same_cluster_under_another_id() -> None:
    from alert_story.footage import Footage, Shot

    shots = [Shot(3, 1.7e9, is_bad=False), Shot(203, 1.7e9 + 4000, is_bad=False)]
    (part,) = Footage(SAMPLE).predictions(shots)
    assert list(part.image_ids.integers) == [3, 203]
    assert len(set(part.clusters)) == 1
    assert part.counts[0] == part.counts[1]
