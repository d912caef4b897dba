"""The sketch: sums whatever the order, and intervals that hold."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    SketchTally,
    match_images,
)
from boxgauge.engine.sketch import parts as parts_module
from boxgauge.engine.sketch import rows as rows_module
from boxgauge.engine.sketch import tally as tally_module
from boxgauge.engine.sketch.totals import SketchTotals
from boxgauge.frames import InvalidInputError, ResourceExhaustedError
from tests.engine.sides import CLASSES as SIDES_CLASSES
from tests.engine.sides import draw_sides
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS, draw_matches


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make bounds so low that bins of every width occur."""
    monkeypatch.setattr(rows_module, "MAX_KEYS", 24)
    monkeypatch.setattr(rows_module, "MAX_ROWS", 600)
    monkeypatch.setattr(tally_module, "_WAITING", 40)


def sketch_of(*parts: Matches) -> SketchTally:
    tally = SketchTally(CLASSES, SETTINGS)
    for each in parts:
        tally.add(each)
    return tally


def split(matches: Matches, seed: int, parts: int) -> list[Matches]:
    order = np.random.default_rng(seed).permutation(len(matches))
    return [matches.select(each) for each in np.array_split(order, parts)]


@pytest.mark.usefixtures("few")
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    name=st.sampled_from([*DISTRIBUTIONS]),
    parts=st.integers(1, 7),
    tree=st.lists(st.integers(0, 6), min_size=6, max_size=6),
)
def test_any_batching_order_and_merge_gives_the_same_bytes(
    seed: int, name: str, parts: int, tree: list[int]
) -> None:
    matches = draw_matches(seed, 30, DISTRIBUTIONS[name])
    tallies = [sketch_of(each) for each in split(matches, seed, parts)]
    for place in tree:
        if len(tallies) > 1:
            taken = tallies.pop()
            tallies[place % len(tallies)].merge(taken)
    while len(tallies) > 1:
        tallies[0].merge(tallies.pop())
    assert tallies[0].to_bytes() == sketch_of(matches).to_bytes()


@pytest.mark.usefixtures("few")
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), name=st.sampled_from([*DISTRIBUTIONS]))
def test_what_is_subtracted_is_gone_from_every_count(seed: int, name: str) -> None:
    matches = draw_matches(seed, 30, DISTRIBUTIONS[name])
    kept, gone, corrected = split(matches, seed, 3)
    whole = sketch_of(matches)
    whole.subtract(gone)
    whole.subtract(sketch_of(corrected))
    left, wanted = whole.snapshot(), sketch_of(kept).snapshot()
    assert len(whole) == len(kept)
    assert_same_totals(left.totals, wanted.totals)
    coarser = wanted.rows.at(left.rows.levels)
    codes = {pattern: k for k, pattern in enumerate(left.patterns)}
    renamed = coarser.renamed(np.array([codes[each] for each in wanted.patterns], np.int64))
    counted = left.rows.counts > 0
    np.testing.assert_array_equal(left.rows.ids[counted], renamed.ids)
    np.testing.assert_array_equal(left.rows.counts[counted], renamed.counts)

    again = sketch_of(kept, corrected)
    again.merge(sketch_of(gone))
    again.subtract(corrected)
    again.subtract(gone)
    assert again.to_bytes() == whole.to_bytes()


def assert_same_totals(one: SketchTotals, other: SketchTotals) -> None:
    for each in fields(SketchTotals):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_interval_contains_the_exact_precision(engine: Engine, name: str) -> None:
    cases = 0
    for seed in range(6):
        matches = draw_matches(seed, 20 + 40 * seed, DISTRIBUTIONS[name])
        cases += assert_contained(engine, matches)
    assert cases == 6 * 5 * 40


def assert_contained(engine: Engine, matches: Matches) -> int:
    """Return in how many (class, threshold, area) the exact report lay inside."""
    exact_tally, sketch = ExactTally(CLASSES, SETTINGS), sketch_of(matches)
    exact_tally.add(matches)
    exact, found = exact_tally.report(engine), sketch.report(engine)
    low, high = found.curves.low, found.curves.high
    precision = exact.curves.precision[..., -1:]
    assert (low <= precision).all()
    assert (precision <= high).all()
    np.testing.assert_array_equal(found.curves.recall, exact.curves.recall)
    # Means of what is contiguous, as pycocotools takes them of one class and threshold.
    a, b, c = (
        np.ascontiguousarray(np.moveaxis(each, 1, -1)).mean(axis=-1)
        for each in (low, precision, high)
    )
    assert (a <= b).all()
    assert (b <= c).all()
    for key, value in exact.average_precision.items():
        lowest, middle, highest = (
            each.average_precision[key] for each in (found.low, found.point, found.high)
        )
        assert lowest <= value <= highest
        assert lowest <= middle <= highest
    for k, each in enumerate(exact.classes):
        if each.ap is not None:
            assert found.low.classes[k].ap <= each.ap <= found.high.classes[k].ap
        assert found.point.classes[k] == replace(
            each,
            ap=found.point.classes[k].ap,
            ap50=found.point.classes[k].ap50,
            ap75=found.point.classes[k].ap75,
        )
    assert found.average_recall == exact.average_recall
    assert found.losses == exact.losses
    assert found.operating_point == exact.operating_point
    return int(b.size)


def test_bins_of_one_score_each_are_exact(engine: Engine) -> None:
    matches = draw_matches(3, 100, DISTRIBUTIONS["uniform"])
    scores = np.random.default_rng(1).permutation(len(matches.scores)) / len(matches.scores)
    matches = replace(matches, scores=0.001 + 0.998 * scores)
    exact, found = ExactTally(CLASSES, SETTINGS), sketch_of(matches).report(engine)
    exact.add(matches)
    assert found.levels == (0,) * 5
    wanted = exact.report(engine).curves.precision[..., -1:]
    np.testing.assert_array_equal(found.curves.low, wanted)
    np.testing.assert_array_equal(found.curves.high, found.curves.low)


def test_real_matches_lie_inside_too(engine: Engine) -> None:
    asked = EvaluationSettings(max_detections=(1, 3, 5))
    for seed in range(5):
        matches = match_images(engine, *draw_sides(seed, images=30), asked)
        exact, sketch = ExactTally(SIDES_CLASSES, asked), SketchTally(SIDES_CLASSES, asked)
        exact.add(matches)
        sketch.add(matches)
        wanted, found = exact.report(engine), sketch.report(engine)
        assert (found.curves.low <= wanted.curves.precision[..., -1:]).all()
        assert (wanted.curves.precision[..., -1:] <= found.curves.high).all()
        np.testing.assert_array_equal(found.curves.recall, wanted.curves.recall)
        assert (found.losses, found.operating_point) == (wanted.losses, wanted.operating_point)
        for name in ("images", "positives", "detections"):
            assert getattr(found, name) == getattr(wanted, name)


def test_a_report_in_many_runs_has_the_same_bits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sketch = sketch_of(draw_matches(1, 50, DISTRIBUTIONS["quantised"]))
    whole = sketch.report(engine).curves
    runs: list[str] = []
    monkeypatch.setattr(engine, "observe_run", lambda name, _rows, _seconds: runs.append(name))
    monkeypatch.setattr(parts_module, "MAX_ROWS", 10)
    monkeypatch.setattr(parts_module, "MAX_PAIRS", 10)
    parts = sketch.report(engine).curves
    for name in ("low", "high", "recall"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    # Each class with detections by itself, by 4 areas; the last one in one run.
    assert runs.count("certified_report") == 4 * 4 + 1


def test_an_empty_sketch_reports_nothing_as_absent(engine: Engine) -> None:
    report = SketchTally(CLASSES, SETTINGS).report(engine)
    assert report.point.statistics == type(report.point.statistics)()
    assert report.point.average_precision == {}
    assert (report.operating_point.precision, report.losses.giou) == (None, None)
    assert (report.images, report.outside) == (0, 0)


def test_scores_outside_are_counted_and_the_bounds_hold(engine: Engine) -> None:
    matches = draw_matches(7, 60, DISTRIBUTIONS["not probabilities"])
    scores = matches.scores.copy()
    scores[::17] = np.nan
    matches = replace(matches, scores=scores)
    found = sketch_of(matches).report(engine)
    evaluated = scores[matches.ranks < SETTINGS.max_detections[-1]]
    assert found.outside == int((~((evaluated >= 0) & (evaluated <= 1))).sum()) > 100
    assert_contained(engine, matches)


def test_a_class_holds_no_more_bins_and_rows_than_are_stated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matches = draw_matches(1, 1500, DISTRIBUTIONS["uniform"])
    for most_keys, most_rows in ((2048, 2**15), (64, 2**15), (2048, 600)):
        for name, most in (("MAX_KEYS", most_keys), ("MAX_ROWS", most_rows)):
            monkeypatch.setattr(rows_module, name, most)
        rows = sketch_of(matches).snapshot().rows
        label, key = rows_module.label_of(rows.ids), rows_module.key_of(rows.ids)
        bins = [len(np.unique(key[label == k])) for k in range(4)]
        held = [int((label == k).sum()) for k in range(4)]
        assert max(bins) <= most_keys
        assert max(held) <= most_rows
        # No coarser than need be.
        assert min(bins) > most_keys / 3 or min(held) > most_rows / 3
        assert rows.levels[4] == 0


def test_what_was_never_added_cannot_be_taken_away() -> None:
    matches, other = (draw_matches(k, 10, DISTRIBUTIONS["uniform"]) for k in range(2))
    sketch = sketch_of(matches)
    before = sketch.to_bytes()
    with pytest.raises(InvalidInputError, match="of what was added: got other detections of"):
        sketch.subtract(other)
    with pytest.raises(InvalidInputError, match="of what was added"):
        sketch.subtract(sketch_of(matches, matches.select([0])))
    assert sketch.to_bytes() == before
    sketch.subtract(matches)
    assert len(sketch) == 0
    with pytest.raises(InvalidInputError, match="of what was added"):
        sketch.subtract(matches.select([1]))


def test_too_many_patterns_are_refused_and_nothing_is_half_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matches = draw_matches(1, 40, DISTRIBUTIONS["uniform"])
    monkeypatch.setattr(rows_module, "MAX_ROWS", 60)
    sketch = sketch_of(matches.select([0]))
    before = sketch.to_bytes()
    with pytest.raises(ResourceExhaustedError, match="at most 20 patterns of outcomes"):
        sketch.add(matches)
    assert sketch.to_bytes() == before


def test_sketches_of_other_settings_do_not_merge() -> None:
    other = SketchTally(CLASSES, EvaluationSettings())
    for method in (SketchTally(CLASSES, SETTINGS).merge, SketchTally(CLASSES, SETTINGS).subtract):
        with pytest.raises(InvalidInputError, match="of the same classes and settings"):
            method(other)


def test_a_label_outside_the_classes_is_refused() -> None:
    sketch = SketchTally(CLASSES[:2], SETTINGS)
    with pytest.raises(InvalidInputError, match="label must be a class of the tally: got"):
        sketch.add(draw_matches(1, 10, DISTRIBUTIONS["uniform"]))
    assert len(sketch) == 0
