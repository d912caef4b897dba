"""What is said of a window: exact to the bit, or between bounds that hold."""

from dataclasses import astuple, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, ExactTally, Matches
from boxgauge.engine.online import jackknife as jackknife_module
from boxgauge.engine.online.quality import Quality
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.engine.report import Report, Statistics
from boxgauge.engine.sketch import parts as parts_module
from tests.engine.online.made_windows import draw_groups, draw_possible, exact_window, sketch_window
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS, draw_matches

NAMES = st.sampled_from([*DISTRIBUTIONS])


def exactly(engine: Engine, matches: Matches, seed: int = 0) -> Quality:
    window = exact_window(matches, draw_groups(seed, len(matches)))
    return quality(engine, CLASSES, SETTINGS, window)


def sketched(engine: Engine, matches: Matches, seed: int = 0) -> Quality:
    window = sketch_window([(matches, draw_groups(seed, len(matches)))])
    return quality(engine, CLASSES, SETTINGS, window)


def report_of(engine: Engine, matches: Matches) -> Report:
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(matches)
    return tally.report(engine)


def assert_same(a: object, b: object) -> None:
    """Compare all but curves, arrays by their values."""
    if isinstance(a, np.ndarray):
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, tuple | list):
        assert isinstance(b, tuple | list)
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif hasattr(a, "__dataclass_fields__"):
        for each in fields(a):  # type: ignore[arg-type]  # a dataclass, as was just seen
            assert_same(getattr(a, each.name), getattr(b, each.name))
    else:
        assert a == b


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), images=st.integers(0, 40), name=NAMES)
def test_an_exact_window_has_the_bits_of_the_tally(
    engine: Engine, seed: int, images: int, name: str
) -> None:
    matches = draw_matches(seed, images, DISTRIBUTIONS[name])
    found, wanted = exactly(engine, matches).report, report_of(engine, matches)
    assert found.curves.precision.size == 0
    assert replace(found, curves=wanted.curves) == wanted


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), images=st.integers(0, 40), name=NAMES)
def test_a_sketched_window_contains_what_is_exact(
    engine: Engine, seed: int, images: int, name: str
) -> None:
    matches = draw_matches(seed, images, DISTRIBUTIONS[name])
    found, wanted = sketched(engine, matches), report_of(engine, matches)
    assert found.low is not None
    assert found.high is not None
    for low, middle, exact, high in zip(
        *(astuple(each.statistics) for each in (found.low, found.report, wanted, found.high)),
        strict=True,
    ):
        assert (low is None) == (exact is None)
        if exact is not None:
            assert low <= exact <= high
            assert low <= middle <= high
    for k, each in enumerate(wanted.classes):
        if each.ap is not None:
            assert found.low.classes[k].ap <= each.ap <= found.high.classes[k].ap
    for same in ("operating_point", "losses", "images", "positives", "detections"):
        assert getattr(found.report, same) == getattr(wanted, same)
    assert found.report.average_recall == wanted.average_recall


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    images=st.integers(1, 30),
    cut=st.integers(1, 5),
    name=NAMES,
)
def test_any_split_merged_says_what_the_whole_says(
    engine: Engine, seed: int, images: int, cut: int, name: str
) -> None:
    matches = draw_matches(seed, images, DISTRIBUTIONS[name])
    groups = draw_groups(seed, images)
    order = np.random.default_rng(seed).permutation(images)
    parts = [(matches.select(at), groups[at]) for at in np.array_split(order, cut)]
    whole, split = (sketch_window(each) for each in ([(matches, groups)], parts))
    assert_same(*(quality(engine, CLASSES, SETTINGS, each) for each in (whole, split)))
    shuffled = exact_window(matches.select(order), groups[order])
    straight = exact_window(matches, groups)
    assert_same(*(quality(engine, CLASSES, SETTINGS, each) for each in (straight, shuffled)))


def test_a_window_in_many_runs_has_the_same_bits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches, groups = draw_possible(1, 50, "quantised"), draw_groups(1, 50)
    windows = exact_window(matches, groups), sketch_window([(matches, groups)])
    whole = [quality(engine, CLASSES, SETTINGS, each) for each in windows]
    runs: list[str] = []
    monkeypatch.setattr(engine, "observe_run", lambda name, _rows, _seconds: runs.append(name))
    # At first two classes a run, then one of them and one area range.
    for most_pairs, wanted in ((2**22, 2 * 3), (1, 2 * (4 * 4 + 1))):
        monkeypatch.setattr(parts_module, "MAX_CURVES", 2 * 40)
        monkeypatch.setattr(jackknife_module, "MAX_CELLS", 16 * 32 * 20)
        monkeypatch.setattr(parts_module, "MAX_PAIRS", most_pairs)
        if most_pairs == 1:
            monkeypatch.setattr(parts_module, "MAX_ROWS", 1)
        for window, wanted_quality in zip(windows, whole, strict=True):
            assert_same(quality(engine, CLASSES, SETTINGS, window), wanted_quality)
        assert runs.count("certified_report") == wanted
        # Of a part with a true positive one or more, of 20 curves each.
        assert runs.count("left_out_report") > 2 * 3
        runs.clear()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_intervals_enclose_what_is_certified(engine: Engine, name: str) -> None:
    matches = draw_possible(3, 60, name)
    found, exact = sketched(engine, matches), exactly(engine, matches)
    assert found.confidence is not None
    assert exact.confidence is not None
    for key, interval in found.confidence.statistics.items():
        low, high = (getattr(each.statistics, key) for each in (found.low, found.high))
        assert 0 <= interval.low <= low <= high <= interval.high <= 1
        assert interval.value == getattr(found.report.statistics, key)
        sure = exact.confidence.statistics[key]
        assert sure.low <= sure.value <= sure.high


def test_curves_are_those_of_the_report(engine: Engine) -> None:
    matches = draw_matches(1, 40, DISTRIBUTIONS["uniform"])
    wanted = report_of(engine, matches).curves.precision[..., 0, -1]
    found = dict(exactly(engine, matches).curves)
    assert list(found) == ["0.50", "0.75", "0.50:0.95"]
    for name, curve in (("0.50", wanted[0]), ("0.75", wanted[5]), ("0.50:0.95", wanted.mean(0))):
        defined = curve[:, curve[0] > -1]
        np.testing.assert_allclose(found[name], defined.mean(axis=1), rtol=1e-12)
    middle = dict(sketched(engine, matches).curves)
    np.testing.assert_allclose(middle["0.50"], found["0.50"], atol=0.02)


def test_a_window_without_images_says_nothing(engine: Engine) -> None:
    none = draw_matches(1, 0, DISTRIBUTIONS["uniform"])
    for found in (exactly(engine, none), sketched(engine, none)):
        assert found.report.statistics == Statistics()
        assert found.confidence is None
        assert (found.best, found.class_best) == (None, (None,) * len(CLASSES))
        assert found.curves == ()
        assert found.calibration.d_ece is None
        assert found.calibration.detections.sum() == 0


def test_one_group_has_values_but_no_intervals(engine: Engine) -> None:
    matches = draw_matches(1, 9, DISTRIBUTIONS["uniform"])
    found = quality(engine, CLASSES, SETTINGS, exact_window(matches, np.full(9, 5)))
    assert found.report.statistics.AP is not None
    assert found.confidence is not None
    for each in found.confidence.statistics.values():
        assert (each.low, each.high, each.replicates) == (None, None, 0)
