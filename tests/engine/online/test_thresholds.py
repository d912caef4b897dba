"""Best thresholds and calibration of a window against counting at every score."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.engine import Engine, Matches
from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.matches import unpack_patterns
from boxgauge.engine.online.quality_of_window import quality
from tests.engine.online.made_windows import (
    draw_groups,
    draw_possible,
    exact_window,
    sketch_window,
)
from tests.engine.sketch.scores import CLASSES, DISTRIBUTIONS, SETTINGS

NAMES = st.sampled_from([name for name in DISTRIBUTIONS if name != "not probabilities"])


def evaluated(matches: Matches) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return score, label and outcome at the operating point of each detection."""
    matches = matches.evaluated(SETTINGS.max_detections[-1])
    outcomes = unpack_patterns(matches.patterns.tolist(), len(SETTINGS.areas), 10)
    return matches.scores, matches.labels, outcomes[matches.codes, 0, 0]


def at(
    threshold: float, scores: NDArray[np.float64], outcome: NDArray[np.int64], positives: int
) -> tuple[int, int, float]:
    """Return true and false positives of a threshold, and F1."""
    tp, fp = (int((outcome[scores >= threshold] == each).sum()) for each in (1, 0))
    return tp, fp, 2 * tp / (tp + fp + positives)


def assert_is_best(
    found: ScorePoint | None,
    scores: NDArray[np.float64],
    outcome: NDArray[np.int64],
    positives: int,
    slack: float,
) -> None:
    if found is None:
        assert not (outcome == 1).any()
        return
    tp, fp, f1 = at(found.score_threshold, scores, outcome, positives)
    counts = found.true_positives, found.false_positives, found.false_negatives
    assert counts == (tp, fp, positives - tp)
    assert found.f_beta == pytest.approx(f1)
    best = max(
        at(each, scores, outcome, positives)[2] for each in np.unique(scores[~np.isnan(scores)])
    )
    assert best - slack <= f1 <= best + 1e-12


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), images=st.integers(1, 25), name=NAMES)
def test_the_best_threshold_counts_what_really_passes_it(
    engine: Engine, seed: int, images: int, name: str
) -> None:
    matches, groups = draw_possible(seed, images, name), draw_groups(seed, images)
    scores, labels, outcome = evaluated(matches)
    for window, is_sketch in (
        (exact_window(matches, groups), False),
        (sketch_window([(matches, groups)]), True),
    ):
        found = quality(engine, CLASSES, SETTINGS, window)

        def slack(objects: int, is_sketch: bool = is_sketch) -> float:
            # A sketch cuts between bins, and scores share one: of few objects one weighs a lot.
            return 0.02 + 2 / (objects + 1) if is_sketch else 1e-12

        objects = len(matches.labels)
        assert_is_best(found.best, scores, outcome, objects, slack(objects))
        for each, of_class in zip(CLASSES, found.class_best, strict=True):
            own = labels == each.id
            positives = int((matches.labels == each.id).sum())
            assert_is_best(of_class, scores[own], outcome[own], positives, slack(positives))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), images=st.integers(1, 25), name=NAMES)
def test_calibration_counts_detections_by_score(
    engine: Engine, seed: int, images: int, name: str
) -> None:
    matches, groups = draw_possible(seed, images, name), draw_groups(seed, images)
    scores, _, outcome = evaluated(matches)
    scores, outcome = scores[outcome < 2], outcome[outcome < 2]
    found = quality(engine, CLASSES, SETTINGS, exact_window(matches, groups)).calibration
    place = np.searchsorted(found.edges[1:-1], scores, side="right")
    detections = np.bincount(place, minlength=25)
    tp = np.bincount(place[outcome == 1], minlength=25)
    sums = np.bincount(place, scores, minlength=25)
    np.testing.assert_array_equal(found.detections, detections)
    np.testing.assert_array_equal(found.true_positives, tp)
    np.testing.assert_allclose(found.mean_scores, sums / np.maximum(detections, 1), atol=1e-12)
    assert found.d_ece == pytest.approx(np.abs(tp - sums).sum() / len(scores), abs=1e-8)


def test_a_sketch_knows_calibration_up_to_its_bins(engine: Engine) -> None:
    for name in ("uniform", "background", "confident"):
        matches, groups = draw_possible(4, 500, name), draw_groups(4, 500)
        exact, found = (
            quality(engine, CLASSES, SETTINGS, window).calibration
            for window in (exact_window(matches, groups), sketch_window([(matches, groups)]))
        )
        assert found.detections.sum() == exact.detections.sum()
        assert found.true_positives.sum() == exact.true_positives.sum()
        assert found.d_ece == pytest.approx(exact.d_ece, abs=0.002)


def test_scores_that_are_no_numbers_pass_no_threshold(engine: Engine) -> None:
    matches, groups = draw_possible(4, 20, "uniform"), draw_groups(4, 20)
    scores = matches.scores.copy()
    scores[::3] = np.nan
    matches = replace(matches, scores=scores)
    found = quality(engine, CLASSES, SETTINGS, exact_window(matches, groups))
    numbers, _, outcome = evaluated(matches)
    assert found.best is not None
    assert 0 < found.best.score_threshold < 1
    assert_is_best(found.best, numbers, outcome, len(matches.labels), 1e-12)
    assert found.calibration.detections.sum() == (~np.isnan(numbers) & (outcome < 2)).sum()
    # A sketch takes them for 0, which its lowest bin begins with.
    best = quality(engine, CLASSES, SETTINGS, sketch_window([(matches, groups)])).best
    assert best is not None
    tp, fp, _ = at(best.score_threshold, np.nan_to_num(numbers), outcome, 0)
    assert (best.true_positives, best.false_positives) == (tp, fp)
