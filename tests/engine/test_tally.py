"""The exact tally: batching, order and corrections leave no trace."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    ObjectClass,
    Report,
    cells,
    curves,
    evaluate,
    match_images,
    matching,
)
from boxgauge.engine import tally as tally_module
from boxgauge.frames import AlreadyExistsError, InvalidInputError
from tests.engine.sides import CLASSES, draw_sides

SETTINGS = EvaluationSettings(max_detections=(1, 3, 5))


def assert_same(one: Report, other: Report) -> None:
    for name in ("precision", "recall", "scores"):
        np.testing.assert_array_equal(getattr(one.curves, name), getattr(other.curves, name))
    for name in ("statistics", "classes", "operating_point", "losses", "images", "positives"):
        assert getattr(one, name) == getattr(other, name)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), parts=st.integers(1, 5))
def test_any_batching_order_and_merge_gives_the_same_bits(
    engine: Engine, seed: int, parts: int
) -> None:
    predictions, truths = draw_sides(seed)
    whole = evaluate(engine, predictions, truths, CLASSES, SETTINGS).report
    order = np.random.default_rng(seed).permutation(len(predictions))
    tallies = [ExactTally(CLASSES, SETTINGS) for _ in range(parts)]
    for k, images in enumerate(np.array_split(order, 7)):
        chosen = images.tolist()
        found = match_images(engine, predictions.take(chosen), truths.take(chosen), SETTINGS)
        tallies[k % parts].add(found)
    merged = tallies[-1]
    for each in tallies[:-1]:
        merged.merge(each)
    assert_same(merged.report(engine), whole)


def test_mean_losses_do_not_depend_on_the_batching(engine: Engine) -> None:
    predictions, truths = draw_sides(11, images=60)
    fine = replace(predictions, scores=np.random.default_rng(4).random(len(predictions.labels)))
    whole = evaluate(engine, fine, truths, CLASSES, SETTINGS).report.losses
    tally = ExactTally(CLASSES, SETTINGS)
    for k in range(len(fine)):
        tally.add(match_images(engine, fine.take([k]), truths.take([k]), SETTINGS))
    assert tally.report(engine).losses == whole


def test_what_is_removed_leaves_no_trace(engine: Engine) -> None:
    predictions, truths = draw_sides(1)
    matches = match_images(engine, predictions, truths, SETTINGS)
    tally, wanted = ExactTally(CLASSES, SETTINGS), ExactTally(CLASSES, SETTINGS)
    tally.add(matches)
    for image_id in predictions.image_ids[1::2]:
        tally.remove(image_id)
    wanted.add(matches.select(range(0, len(predictions), 2)))
    assert_same(tally.report(engine), wanted.report(engine))
    tally.add(matches.select(range(1, len(predictions), 2)))
    whole = ExactTally(CLASSES, SETTINGS)
    whole.add(matches)
    assert_same(tally.report(engine), whole.report(engine))


def test_an_image_cannot_be_added_twice_and_nothing_is_half_done(engine: Engine) -> None:
    predictions, truths = draw_sides(2)
    matches = match_images(engine, predictions, truths, SETTINGS)
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(matches.select([3]))
    before = tally.report(engine)
    with pytest.raises(AlreadyExistsError, match="image 13 is in the tally already"):
        tally.add(matches)
    assert_same(tally.report(engine), before)


def test_an_empty_tally_reports_nothing_as_absent(engine: Engine) -> None:
    report = ExactTally(CLASSES, SETTINGS).report(engine)
    assert report.statistics == type(report.statistics)()
    assert report.operating_point.precision is None
    assert report.operating_point.recall is None
    assert (report.losses.giou, report.losses.bce) == (None, None)
    assert report.average_precision == {}


def test_a_label_outside_the_classes_is_refused(engine: Engine) -> None:
    predictions, truths = draw_sides(3)
    tally = ExactTally((ObjectClass(3, "cat"),), SETTINGS)
    with pytest.raises(InvalidInputError, match="label must be a class of the tally: got 7"):
        tally.add(match_images(engine, predictions, truths, SETTINGS))


def test_tallies_of_other_settings_do_not_merge() -> None:
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        ExactTally(CLASSES, SETTINGS).merge(ExactTally(CLASSES, EvaluationSettings()))


@pytest.mark.parametrize("bound", ["MAX_HITS", "MAX_PLACES", "MAX_COUNTS"])
def test_a_report_in_many_runs_has_the_same_bits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(match_images(engine, *draw_sides(5), SETTINGS))
    whole = tally.report(engine)
    runs: list[str] = []
    monkeypatch.setattr(engine, "observe_run", lambda name, _rows, _seconds: runs.append(name))
    monkeypatch.setattr(curves, bound, 10)
    assert_same(tally.report(engine), whole)
    assert runs.count("report") > 3


def test_sparse_classes_match_as_dense_ones_do(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = draw_sides(6)
    dense, sparse = ExactTally(CLASSES, SETTINGS), ExactTally(CLASSES, SETTINGS)
    dense.add(match_images(engine, *sides, SETTINGS))
    monkeypatch.setattr(cells, "MAX_DENSE_CELLS", 0)
    monkeypatch.setattr(matching, "MAX_DETECTIONS", 7)
    sparse.add(match_images(engine, *sides, SETTINGS))
    assert_same(sparse.report(engine), dense.report(engine))


def test_corrections_without_end_hold_no_more_patterns_than_images_have(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally_module, "MANY_PATTERNS", 8)
    tally, fresh = ExactTally(CLASSES, SETTINGS), ExactTally(CLASSES, SETTINGS)
    held = []
    for seed in range(40):
        matches = match_images(engine, *draw_sides(seed), SETTINGS)
        for image_id in matches.image_ids:
            tally.remove(image_id)
        tally.add(matches)
        held.append(len(tally.snapshot().patterns))
    fresh.add(matches)
    most_new = len(fresh.snapshot().patterns)
    assert max(held) < 6 * most_new < 40 * most_new
    assert_same(tally.report(engine), fresh.report(engine))
