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
    Matches,
    ObjectClass,
    Report,
    cells,
    curves,
    evaluate,
    match_images,
    matching,
)
from boxgauge.engine import tally as tally_module
from boxgauge.engine.matches import ImageSums
from boxgauge.frames import AlreadyExistsError, InvalidInputError, NotFoundError
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


def test_images_are_subtracted_all_or_none(engine: Engine) -> None:
    matches = match_images(engine, *draw_sides(1), SETTINGS)
    tally, wanted = ExactTally(CLASSES, SETTINGS), ExactTally(CLASSES, SETTINGS)
    tally.add(matches)
    wanted.add(matches.select(range(4, len(matches))))
    with pytest.raises(NotFoundError, match="image 'cam/99' is not in the tally"):
        tally.subtract([*matches.image_ids[:4], "cam/99"])
    assert len(tally) == len(matches)
    tally.subtract(matches.image_ids[:4])
    assert tally.to_bytes() == wanted.to_bytes()
    assert_same(tally.report(engine), wanted.report(engine))


def test_another_tally_is_subtracted_only_as_it_was_merged(engine: Engine) -> None:
    matches = match_images(engine, *draw_sides(1), SETTINGS)
    other = match_images(engine, *draw_sides(2), SETTINGS)
    rest, part, otherwise = (ExactTally(CLASSES, SETTINGS) for _ in range(3))
    rest.add(matches.select(range(6)))
    part.add(matches.select(range(6, 12)))
    otherwise.add(other.select(range(6, 12)))
    before = rest.to_bytes()
    rest.merge(part)
    with pytest.raises(InvalidInputError, match="of images as they are in this one"):
        rest.subtract(otherwise)
    assert len(rest) == len(matches)
    rest.subtract(part)
    assert rest.to_bytes() == before
    with pytest.raises(NotFoundError, match="is not in the tally"):
        rest.subtract(part)


def test_many_removals_leave_their_rows_and_patterns_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally_module, "MANY_REMOVED", 20)
    matches = match_images(engine, *draw_sides(8, images=40), SETTINGS)
    tally, wanted = ExactTally(CLASSES, SETTINGS), ExactTally(CLASSES, SETTINGS)
    tally.add(matches)
    for image_id in matches.image_ids[::2]:
        tally.remove(image_id)
    wanted.add(matches.select(range(1, 40, 2)))
    held = len(tally.snapshot().columns.scores)
    assert held < len(wanted.snapshot().columns.scores) + 40
    assert tally.to_bytes() == wanted.to_bytes()
    assert_same(tally.report(engine), wanted.report(engine))


def test_a_snapshot_stays_as_it_was(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally_module, "MANY_REMOVED", 0)
    matches = match_images(engine, *draw_sides(9, images=30), SETTINGS)
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(matches.select(range(10)))
    snapshot, before = tally.snapshot(), tally.report(engine)
    for k in range(10, 30):
        tally.add(matches.select([k]))
    for image_id in matches.image_ids[:15]:
        tally.remove(image_id)
    assert_same(tally.report(engine, snapshot), before)


def test_codes_become_wider_when_patterns_are_many() -> None:
    draw, asked = np.random.default_rng(0), EvaluationSettings()
    tally = ExactTally(CLASSES, asked)
    for first in range(0, 70_000, 35_000):
        tally.add(synthetic(draw, first, 35_000))
    columns = tally.snapshot().columns
    assert columns.codes.dtype == np.uint32
    assert len(np.unique(columns.codes)) == len(tally.snapshot().patterns) == 70_000
    again = ExactTally.from_bytes(tally.to_bytes())
    assert again.to_bytes() == tally.to_bytes()


def synthetic(draw: np.random.Generator, first: int, n: int) -> Matches:
    """Return one image of n detections, each with a pattern of its own."""
    one, none = np.array([n]), np.zeros(0, dtype=np.int64)
    patterns = np.array([b"%010d" % (first + k) for k in range(n)])
    zeros = np.zeros(1, dtype=np.int64)
    return Matches(
        (first,),
        one,
        np.full(n, 3),
        draw.random(n),
        np.zeros(n, dtype=np.int64),
        np.arange(n),
        patterns,
        np.full(n, -1),
        zeros,
        none,
        none.astype(np.uint32),
        ImageSums(one, *[zeros] * 5),
    )


def test_an_image_cannot_be_added_twice_and_nothing_is_half_done(engine: Engine) -> None:
    predictions, truths = draw_sides(2)
    matches = match_images(engine, predictions, truths, SETTINGS)
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(matches.select([3]))
    before = tally.report(engine)
    with pytest.raises(AlreadyExistsError, match="image 13 is in the tally already"):
        tally.add(matches)
    assert_same(tally.report(engine), before)


def test_an_image_cannot_come_twice_at_once(engine: Engine) -> None:
    matches = match_images(engine, *draw_sides(2), SETTINGS)
    tally = ExactTally(CLASSES, SETTINGS)
    with pytest.raises(AlreadyExistsError, match="image 13 is there twice"):
        tally.add(matches.select([1, 3, 2, 3]))
    assert len(tally) == 0


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


@pytest.mark.parametrize("bound", ["MAX_HITS", "MAX_PLACES", "MAX_ROWS"])
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
    assert runs.count("report") >= 3


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
