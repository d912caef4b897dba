"""Curves over score thresholds: scikit-learn's, from a matching of their own."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score, precision_recall_curve

from boxgauge.engine import Engine, EvaluationSettings, ExactTally, evaluate, match_images
from boxgauge.engine.analysis import ScoreCurve, score_curves
from boxgauge.engine.settings import RECALL_GRID
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions
from tests.engine.sides import CLASSES, draw_sides
from tests.greedy import match_greedily
from tests.reference import score_curves as reference

SETTINGS = EvaluationSettings(max_detections=(1, 3, 5))
# Below every score: where scikit-learn is told of the objects that nothing found.
MISSED = -1e9


class Cut(NamedTuple):
    iou: float
    area: str
    max_detections: int


class Counted(NamedTuple):
    """What greedy matching in loops makes of two sides at one cut."""

    labels: list[int]
    detections: list[tuple[float, int]]
    truths: list[int]

    def of(self, class_id: int | None) -> tuple[list[tuple[float, int]], int]:
        """Return the detections and the number of objects of one class, or of all."""
        chosen = [
            each
            for label, each in zip(self.labels, self.detections, strict=True)
            if class_id in (None, label)
        ]
        return chosen, sum(class_id in (None, label) for label in self.truths)


def count_greedily(predictions: Predictions, truths: GroundTruths, cut: Cut) -> Counted:
    area = next(each for each in SETTINGS.areas if each.name == cut.area)
    found = match_greedily(
        predictions.image_index,
        predictions.labels,
        predictions.boxes,
        predictions.scores,
        truths.image_index,
        truths.labels,
        truths.boxes,
        truths.areas,
        truths.crowd,
        truths.ignore,
        np.array([cut.iou]),
        np.array([[area.low, area.high]]),
        np.array([SETTINGS.max_detections[-1]]),
    )
    outcome = np.where(found.ignored, 2, found.match >= 0)[0, 0]
    kept = np.flatnonzero(found.rank < cut.max_detections)
    return Counted(
        predictions.labels[kept].tolist(),
        [*zip(predictions.scores[kept].tolist(), outcome[kept].tolist(), strict=True)],
        truths.labels[~found.gt_ignored[0]].tolist(),
    )


cuts = st.builds(
    Cut,
    st.sampled_from([0.5, 0.75]),
    st.sampled_from(["all", "small", "medium"]),
    st.sampled_from([1, 3, 5]),
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), cut=cuts, beta=st.sampled_from([0.5, 1.0, 2.0]))
def test_equals_scikit_learn(engine: Engine, seed: int, cut: Cut, beta: float) -> None:
    predictions, truths = draw_sides(seed)
    tally = evaluate(engine, predictions, truths, CLASSES, SETTINGS).tally
    found = score_curves(engine, tally, **cut._asdict(), beta=beta)
    counted = count_greedily(predictions, truths, cut)
    for curve in (*found.classes, found.overall):
        of = curve.object_class
        detections, positives = counted.of(None if of is None else of.id)
        assert curve.positives == positives
        if not positives:
            assert curve.recall is curve.f_beta is curve.interpolated is None
            assert not curve.true_positives.any()
            assert curve.best() is None
            continue
        scored = [(score, outcome) for score, outcome in detections if outcome != 2]
        missed = positives - sum(outcome for _, outcome in scored)
        scores, hits = np.array(scored + [(MISSED, 1)] * missed).T
        precision, recall, thresholds = precision_recall_curve(hits, scores)
        there = thresholds > MISSED
        np.testing.assert_array_equal(curve.thresholds, thresholds[there][::-1])
        np.testing.assert_array_equal(curve.precision, precision[:-1][there][::-1])
        np.testing.assert_array_equal(curve.recall, recall[:-1][there][::-1])
        theirs = [fbeta_score(hits, scores >= t, beta=beta) for t in curve.thresholds]
        np.testing.assert_allclose(curve.f_beta, theirs, rtol=1e-14)
        best = curve.best()
        if best is None:
            assert max(theirs, default=0) == 0
        else:
            assert best.f_beta == pytest.approx(max(theirs), rel=1e-14)
            assert best == curve.at(best.score_threshold)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), cut=cuts)
def test_interpolates_as_coco_does(engine: Engine, seed: int, cut: Cut) -> None:
    predictions, truths = draw_sides(seed)
    evaluation = evaluate(engine, predictions, truths, CLASSES, SETTINGS)
    found = score_curves(engine, evaluation.tally, **cut._asdict())
    t = SETTINGS.iou_thresholds.index(cut.iou)
    a = [area.name for area in SETTINGS.areas].index(cut.area)
    m = SETTINGS.max_detections.index(cut.max_detections)
    for k, curve in enumerate(found.classes):
        expected = evaluation.report.curves.precision[t, :, k, a, m]
        np.testing.assert_array_equal(
            expected, np.full(101, -1) if curve.interpolated is None else curve.interpolated
        )
    detections, positives = count_greedily(predictions, truths, cut).of(None)
    if positives:
        expected = reference.interpolated(detections, positives, RECALL_GRID.tolist())
        assert found.overall.interpolated is not None
        assert found.overall.interpolated.tolist() == expected


def test_any_batching_and_order_of_arrival_gives_the_same_curves(engine: Engine) -> None:
    predictions, truths = draw_sides(3, images=20)
    whole = score_curves(engine, evaluate(engine, predictions, truths, CLASSES, SETTINGS).tally)
    tally = ExactTally(CLASSES, SETTINGS)
    for part in np.array_split(np.random.default_rng(0).permutation(20), 6):
        chosen = part.tolist()
        sides = predictions.take(chosen), truths.take(chosen)
        tally.add(match_images(engine, *sides, SETTINGS))
    parts = score_curves(engine, tally)
    both = zip((*whole.classes, whole.overall), (*parts.classes, parts.overall), strict=True)
    for one, other in both:
        for name in ScoreCurve.__slots__:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def one_class(scores: list[float], hits: list[int], positives: int) -> ScoreCurve:
    """Return a curve from its definition, without an engine."""
    points = reference.counts([*zip(scores, hits, strict=True)])
    thresholds, tp, fp = (np.array(column) for column in zip(*points, strict=True))
    precision, recall = tp / (tp + fp), tp / positives
    f = [reference.f_beta(p, r, 1.0) for p, r in zip(precision, recall, strict=True)]
    return ScoreCurve(
        CLASSES[0], positives, thresholds, tp, fp, precision, recall, np.array(f), None
    )


CURVE = one_class([0.9, 0.8, 0.8, 0.5, 0.3], [1, 1, 0, 0, 1], positives=4)


@pytest.mark.parametrize(
    ("score_threshold", "counts"),
    [
        pytest.param(0.95, (0, 0, 4), id="above all"),
        pytest.param(0.9, (1, 0, 3), id="at a score"),
        pytest.param(0.85, (1, 0, 3), id="between scores"),
        pytest.param(0.8, (2, 1, 2), id="at equal scores, both or neither"),
        pytest.param(0.4, (2, 2, 2), id="after a false positive"),
        pytest.param(-1.0, (3, 2, 1), id="below all"),
    ],
)
def test_a_chosen_threshold_lets_through_what_scores_at_least_that(
    score_threshold: float, counts: tuple[int, int, int]
) -> None:
    point = CURVE.at(score_threshold)
    assert (point.true_positives, point.false_positives, point.false_negatives) == counts
    tp, fp, _ = counts
    assert point.precision == (tp / (tp + fp) if tp + fp else None)
    assert point.recall == tp / 4
    assert point.f_beta == pytest.approx(2 * tp / (tp + fp + 4))


def test_of_equal_values_the_higher_threshold_is_the_best() -> None:
    # F1 is 1/2 with one of two found at no error, and with both found at four.
    curve = one_class([0.9] + [0.5] * 5, [1, 1, 0, 0, 0, 0], positives=3)
    assert curve.f_beta is not None
    assert curve.f_beta.tolist() == [0.5, pytest.approx(4 / 9)]
    curve = one_class([0.9] + [0.5] * 4, [1, 1, 0, 0, 0], positives=3)
    assert curve.f_beta is not None
    assert curve.f_beta[0] == pytest.approx(curve.f_beta[1])
    best = curve.best()
    assert best is not None
    assert best.score_threshold == 0.9


def test_corners_are_where_recall_rises() -> None:
    assert CURVE.thresholds[CURVE.corners()].tolist() == [0.9, 0.8, 0.3]


def test_nothing_at_all_has_empty_curves(engine: Engine) -> None:
    tally = ExactTally(CLASSES, SETTINGS)
    found = score_curves(engine, tally)
    assert len(found.overall.thresholds) == 0
    assert found.overall.best() is None
    point = found.overall.at(0.5)
    assert (point.precision, point.recall, point.f_beta) == (None, None, None)


def test_unranked_scores_come_last_when_strict(engine: Engine) -> None:
    predictions, truths = draw_sides(3)
    scores = predictions.scores.copy()
    scores[::5] = np.nan
    strict = replace(SETTINGS, strict=True)
    spoiled = replace(predictions, scores=scores)
    tally = evaluate(engine, spoiled, truths, CLASSES, strict).tally
    curve = score_curves(engine, tally).overall
    assert np.isnan(curve.thresholds[-1])
    assert not np.isnan(curve.thresholds[:-1]).any()
    assert curve.at(0.0).false_positives < int(curve.false_positives[-1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iou": 0.42}, r"iou must be among .*: got 0\.42"),
        ({"area": "tiny"}, "area must be among .*: got 'tiny'"),
        ({"max_detections": 100}, r"max_detections must be among \[1, 3, 5\]: got 100"),
        ({"beta": 0.0}, r"beta must be finite and above 0: got 0\.0"),
        ({"beta": float("nan")}, "beta must be finite and above 0: got nan"),
    ],
)
def test_what_was_not_evaluated_is_refused(
    engine: Engine, given: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        score_curves(engine, ExactTally(CLASSES, SETTINGS), **given)  # type: ignore[arg-type]
