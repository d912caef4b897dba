"""Estimates before labels come: sums of integers, right where they can be, and named as such."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    MatchedImages,
    match_images,
)
from boxgauge.engine.online.calibration import MIN_CALIBRATION_IMAGES, PART
from boxgauge.engine.online.calibration_counts import CalibrationCounts
from boxgauge.engine.online.class_precision import rising
from boxgauge.engine.online.estimate import Estimator
from boxgauge.engine.online.predicted import Estimate
from boxgauge.engine.online.prediction_tally import PredictionTally, bins_of
from boxgauge.engine.report import Report
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions
from tests.engine.online.drawn_predictions import CLASSES

SETTINGS = EvaluationSettings(score_threshold=0.4)


def scene(
    engine: Engine, seed: int, images: int, *, shift: float = 0.0, broken: float = 0.0
) -> MatchedImages:
    """Return matched images on which a score is the chance that its box is right.

    ``shift`` moves the logits of all scores; ``broken`` is the share of right boxes that are
    moved away without a change of their score.
    """
    draw = np.random.default_rng(seed)
    counts = draw.poisson(6, images)
    n = int(counts.sum())
    scores = 1 / (1 + np.exp(-shift - draw.normal(0.3, 1.5, n)))
    is_right = draw.random(n) < scores
    # One place for each box of an image, far from all others.
    place = np.concatenate([np.arange(each) for each in counts])
    truths = np.stack([100.0 * place, 0 * place, 40 + 0 * place, 40 + 0 * place], axis=1)
    boxes = truths + (~is_right | (draw.random(n) < broken))[:, None] * np.array([0, 500, 0, 0])
    labels = draw.choice([each.id for each in CLASSES[:4]], n)
    ids = list(range(seed * 100_000, seed * 100_000 + images))
    image = np.repeat(np.arange(images), counts)
    missed = draw.random(n) < 0.2
    there = is_right | missed
    predictions = Predictions.from_arrays(ids, counts, boxes, labels, scores)
    objects = GroundTruths.from_arrays(
        ids, np.bincount(image[there], minlength=images), truths[there], labels[there]
    )
    return MatchedImages(predictions, objects, match_images(engine, predictions, objects, SETTINGS))


def part(images: MatchedImages, chosen: list[int]) -> MatchedImages:
    return MatchedImages(
        images.predictions.take(chosen),
        images.ground_truths.take(chosen),
        images.matches.select(chosen),
    )


def taught(engine: Engine, *parts: MatchedImages) -> Estimator:
    estimator = Estimator(engine, CLASSES, SETTINGS)
    for each in parts:
        estimator.add(each)
    return estimator


def tally_of(predictions: Predictions) -> PredictionTally:
    tally = PredictionTally(CLASSES, SETTINGS)
    tally.add(predictions, predictions.image_ids)
    return tally


def report_of(engine: Engine, images: MatchedImages) -> Report:
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(images.matches)
    return tally.report(engine)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12).map(
        lambda rows: [(min(pair), max(pair)) for pair in rows]
    )
)
def test_rising_shares_are_those_of_isotonic_regression(rows: list[tuple[int, int]]) -> None:
    hits, counts = (np.array(column) for column in zip(*rows, strict=True))
    found = rising(hits, counts)
    assert (np.diff(found) >= -1e-12).all()
    at = np.flatnonzero(counts)
    if len(at):
        expected = IsotonicRegression().fit(at, hits[at] / counts[at], counts[at]).predict(at)
        np.testing.assert_allclose(found[at], expected, atol=1e-9)
    else:
        assert set(found.tolist()) == {0.5}


@pytest.mark.parametrize("seed", range(3))
def test_without_a_shift_the_estimate_is_what_labels_say(engine: Engine, seed: int) -> None:
    later = scene(engine, 100 + seed, 600)
    found = taught(engine, scene(engine, seed, 600)).snapshot()
    estimate = found.estimate(tally_of(later.predictions))
    report = report_of(engine, later)
    assert estimate.precision == pytest.approx(report.operating_point.precision, abs=0.03)
    assert estimate.ap50 == pytest.approx(report.statistics.AP50, abs=0.04)
    assert (estimate.images, estimate.calibration_images, estimate.reason) == (600, 600, "")


@pytest.mark.parametrize("shift", [-1.0, 1.0])
def test_a_shift_of_the_scores_that_still_mean_the_same_is_followed(
    engine: Engine, shift: float
) -> None:
    labelled, later = scene(engine, 1, 800), scene(engine, 2, 800, shift=shift)
    estimate = taught(engine, labelled).snapshot().estimate(tally_of(later.predictions))
    before, truth = report_of(engine, labelled), report_of(engine, later)
    for made, was, now in (
        (estimate.precision, before.operating_point.precision, truth.operating_point.precision),
        (estimate.ap50, before.statistics.AP50, truth.statistics.AP50),
    ):
        assert None not in (made, was, now)
        assert abs(now - was) > 0.05
        assert abs(made - now) < abs(now - was) / 2


def test_scores_that_no_longer_mean_the_same_deceive_it(engine: Engine) -> None:
    labelled, later = scene(engine, 1, 600), scene(engine, 2, 600, broken=0.5)
    estimate = taught(engine, labelled).snapshot().estimate(tally_of(later.predictions))
    truth = report_of(engine, later).operating_point.precision
    assert estimate.precision is not None
    assert truth is not None
    # No method without labels can see this; the page on drift says so.
    assert estimate.precision - truth > 0.25


def test_on_the_labelled_images_it_says_what_they_have(engine: Engine) -> None:
    labelled = scene(engine, 5, 100)
    estimate = taught(engine, labelled).snapshot().estimate(tally_of(labelled.predictions))
    report = report_of(engine, labelled)
    assert estimate.precision == pytest.approx(report.operating_point.precision, abs=1e-12)
    # Within a bin of score the order is not known.
    assert estimate.ap50 == pytest.approx(report.statistics.AP50, abs=0.02)


def test_too_little_is_given_as_the_reason(engine: Engine) -> None:
    few = scene(engine, 1, MIN_CALIBRATION_IMAGES - 1)
    found = taught(engine, few).snapshot().estimate(tally_of(few.predictions))
    assert (found.precision, found.ap50) == (None, None)
    assert found.reason == "the calibration has 49 labelled images: at least 50 are wanted"
    enough = taught(engine, scene(engine, 1, 60)).snapshot()
    assert enough.estimate(PredictionTally(CLASSES, SETTINGS)).reason == "there are no predictions"


def test_without_detections_nothing_is_precise(engine: Engine) -> None:
    nothing = Predictions.from_arrays([1, 2], [0, 0], np.zeros((0, 4)), [], [])
    found = taught(engine, scene(engine, 1, 60)).snapshot().estimate(tally_of(nothing))
    assert (found.precision, found.images, found.reason) == (None, 2, "")
    empty = taught(engine, scene(engine, 1, 60, shift=-40.0)).snapshot()
    assert empty.estimate(tally_of(nothing)).precision is None


def test_any_batching_and_merge_is_the_same_and_what_is_forgotten_is_gone(engine: Engine) -> None:
    images = scene(engine, 3, 60)
    whole = taught(engine, images).snapshot().packed()
    cut = [list(range(20)), list(range(20, 21)), list(range(21, 60))]
    for order in itertools.permutations(cut):
        assert taught(engine, *(part(images, each) for each in order)).snapshot().packed() == whole
    left, right = taught(engine, part(images, cut[0])), taught(engine, part(images, cut[2]))
    left.merge(right)
    left.add(part(images, cut[1]))
    assert left.snapshot().packed() == whole
    left.subtract(part(images, cut[2]))
    expected = taught(engine, part(images, [*cut[0], *cut[1]]))
    assert left.snapshot().packed() == expected.snapshot().packed()


def test_what_was_not_learned_cannot_be_forgotten(engine: Engine) -> None:
    estimator = taught(engine, scene(engine, 3, 10))
    before = estimator.snapshot().packed()
    with pytest.raises(InvalidInputError, match="images must be of what was added"):
        estimator.subtract(scene(engine, 4, 11))
    assert estimator.snapshot().packed() == before


def test_a_snapshot_stays_as_it_was(engine: Engine) -> None:
    estimator = taught(engine, scene(engine, 3, 60))
    snapshot, tally = estimator.snapshot(), tally_of(scene(engine, 9, 50).predictions)
    before = snapshot.estimate(tally)
    estimator.add(scene(engine, 4, 200, broken=0.9))
    assert snapshot.estimate(tally) == before
    assert estimator.snapshot().estimate(tally) != before


def test_the_error_seen_on_labelled_windows_is_told(engine: Engine) -> None:
    estimator = taught(engine, scene(engine, 3, 60))
    tally = tally_of(scene(engine, 9, 50).predictions)
    assert estimator.snapshot().estimate(tally).ap50_error is None
    estimator.compare(Estimate(0.5, 0.5, 10, 60), 0.25)
    estimator.compare(Estimate(0.5, 0.5, 10, 60), 0.625)
    estimator.compare(Estimate(None, None, 10, 60, reason="none"), 0.1)
    assert estimator.snapshot().estimate(tally).ap50_error == (0.25 + 0.125) / 2


def test_a_restart_goes_on_from_what_was_kept(engine: Engine) -> None:
    estimator = taught(engine, scene(engine, 3, 60))
    estimator.compare(Estimate(0.5, 0.5, 10, 60), 0.25)
    kept = estimator.changed().packed()
    assert kept.keys() == {PART}
    assert estimator.changed().packed() == {}
    again = Estimator(engine, CLASSES, SETTINGS)
    again.restore({key: part for key, part in kept.items() if part is not None})
    assert again.snapshot().packed() == kept
    assert again.changed().packed() == {}
    again.add(scene(engine, 4, 5))
    assert again.changed().packed().keys() == {PART}


def test_bytes_that_are_not_its_own_are_refused(engine: Engine) -> None:
    data = taught(engine, scene(engine, 3, 5)).changed().packed()[PART]
    assert data is not None
    for damaged in (data[:-1], b"", data[:40] + bytes([data[40] ^ 1]) + data[41:]):
        with pytest.raises(InvalidInputError, match="tally must be"):
            Estimator(engine, CLASSES, SETTINGS).restore({PART: damaged})
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        Estimator(engine, CLASSES[:3], SETTINGS).restore({PART: data})
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        Estimator(engine, CLASSES, SETTINGS).merge(Estimator(engine, CLASSES[:3], SETTINGS))
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        taught(engine).snapshot().estimate(PredictionTally(CLASSES[:3], SETTINGS))


def test_counts_are_those_of_looking_at_each_image(engine: Engine) -> None:
    images = scene(engine, 7, 30)
    bins = bins_of(CLASSES, SETTINGS)
    counts = CalibrationCounts.of(images, bins, SETTINGS)
    report = report_of(engine, images)
    point = report.operating_point
    passing = counts.outcomes[:, bins.first_passing :].sum((0, 1))
    assert passing.tolist() == [point.false_positives, point.true_positives, 0]
    assert counts.positives.tolist() == [each.positives for each in report.classes]
    tally = tally_of(images.predictions)
    np.testing.assert_array_equal(counts.outcomes.sum(2), tally.class_scores())

    logits = np.log(images.predictions.scores / (1 - images.predictions.scores))
    numbers = [[1] + [0] * 8 for _ in range(30)]
    for image, logit in zip(images.predictions.image_index.tolist(), logits.tolist(), strict=True):
        numbers[image][1 + sum(logit >= start for start in range(-3, 4))] += 1
    objects = images.ground_truths.counts.tolist()
    for a, b in itertools.product(range(9), repeat=2):
        assert counts.squares[a, b] == sum(row[a] * row[b] for row in numbers)
    for a in range(9):
        expected = sum(row[a] * n for row, n in zip(numbers, objects, strict=True))
        assert counts.products[a] == expected
