"""The paired comparison: equal models, swapped ones, and really different ones."""

from dataclasses import replace

import numpy as np
import pytest

from boxgauge.engine import Engine, EvaluationSettings, evaluate
from boxgauge.engine.analysis import Difference, ResamplingTally, compare
from boxgauge.engine.analysis.comparison import _side_by_side
from boxgauge.engine.analysis.resampling import Resampler
from boxgauge.frames import (
    FailedPreconditionError,
    GroundTruths,
    InvalidInputError,
    Predictions,
)
from tests.engine.analysis.tallies import COCO, tally_of
from tests.engine.sides import CLASSES, draw_sides


def perfect(truths: GroundTruths) -> Predictions:
    """Return detections that are the ground truth."""
    scores = np.full(len(truths.labels), 0.9)
    return Predictions(truths.image_ids, truths.counts, truths.boxes, truths.labels, scores)


def test_equal_models_differ_by_exactly_nothing(engine: Engine) -> None:
    predictions, truths = draw_sides(21, images=25)
    one, other = (tally_of(engine, predictions, truths) for _ in range(2))
    found = compare(engine, one, other, replicates=30)
    every = [*found.statistics.values(), *(each for _, each in found.class_ap)]
    defined = [each for each in every if each.a is not None]
    assert len(defined) > 8
    for each in defined:
        assert each == Difference(each.a, each.a, 0.0, 0.0, 0.0, 1.0)
    assert [each for each in every if each.a is None] == [
        Difference(None, None, None, None, None, None)
    ] * (len(every) - len(defined))


def test_each_model_s_own_values_are_those_of_its_evaluation(engine: Engine) -> None:
    predictions, truths = draw_sides(22, images=20)
    other = draw_sides(23, images=20)[0]
    found = compare(
        engine,
        tally_of(engine, predictions, truths),
        tally_of(engine, other, truths),
        replicates=2,
    )
    a, b = (
        evaluate(engine, each, truths, CLASSES, COCO).report.statistics
        for each in (predictions, other)
    )
    for name, each in found.statistics.items():
        assert (each.a, each.b) == (getattr(a, name), getattr(b, name))


def test_a_swap_is_an_evaluation_of_swapped_images(engine: Engine) -> None:
    predictions, truths = draw_sides(24, images=20)
    other = draw_sides(25, images=20)[0]
    both = _side_by_side(*(tally_of(engine, each, truths) for each in (predictions, other)))
    coins = np.random.default_rng(1).integers(2, size=20)
    found = Resampler(engine, CLASSES, COCO, both).statistics(
        np.stack([1 - coins, coins], axis=1).reshape(-1)
    )
    chosen = [(other if coin else predictions).take([k]) for k, coin in enumerate(coins)]
    mixed = Predictions.concatenate(chosen)
    wanted = evaluate(engine, mixed, truths, CLASSES, COCO).report.statistics
    values = [getattr(wanted, name) for name in ("AP", "AP50", "AP75", "APs")]
    assert found[:4].tolist() == values


def test_turning_the_models_round_turns_the_sign_alone(engine: Engine) -> None:
    predictions, truths = draw_sides(26, images=20)
    one = tally_of(engine, predictions, truths)
    other = tally_of(engine, draw_sides(27, images=20)[0], truths)
    there = compare(engine, one, other, replicates=40).statistics["AP50"]
    back = compare(engine, other, one, replicates=40).statistics["AP50"]
    assert there.difference is not None
    assert back.difference == -there.difference
    assert back.p_value == there.p_value


def test_a_better_model_is_seen_to_be_better(engine: Engine) -> None:
    predictions, truths = draw_sides(28, images=40)
    poor, good = (tally_of(engine, each, truths) for each in (predictions, perfect(truths)))
    ap = compare(engine, poor, good, replicates=99).statistics["AP"]
    assert ap.difference is not None
    assert ap.low is not None
    assert ap.difference > 0.5
    assert ap.low > 0
    assert ap.p_value == 0.01


def test_a_cluster_is_swapped_as_one(engine: Engine) -> None:
    predictions, truths = draw_sides(28, images=40)
    poor, good = (tally_of(engine, each, truths) for each in (predictions, perfect(truths)))
    # With one cluster every swap exchanges the models as a whole.
    all_in_one = dict.fromkeys(truths.image_ids, 0)
    ap = compare(engine, poor, good, replicates=20, clusters=all_in_one).statistics["AP"]
    assert ap.p_value == 1.0


def test_models_that_do_not_pair_are_refused(engine: Engine) -> None:
    predictions, truths = draw_sides(29)
    one = tally_of(engine, predictions, truths)
    fewer = tally_of(engine, predictions.take(range(5)), truths.take(range(5)))
    with pytest.raises(InvalidInputError, match="b must be of the 12 images of a: got 5 images"):
        compare(engine, one, fewer)
    labels = np.where(truths.labels == 3, 7, 3)
    relabelled = tally_of(engine, predictions, replace(truths, labels=labels))
    with pytest.raises(InvalidInputError, match=r"b\.truth_labels must be those of a"):
        compare(engine, one, relabelled)
    strict = ResamplingTally(CLASSES, EvaluationSettings(strict=True))
    with pytest.raises(InvalidInputError, match="of the same classes and settings as a"):
        compare(engine, one, strict)
    empty = ResamplingTally(CLASSES, COCO)
    with pytest.raises(FailedPreconditionError, match="no images to compare"):
        compare(engine, empty, empty)
