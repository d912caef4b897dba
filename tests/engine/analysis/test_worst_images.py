"""The worst images, against counts taken one by one."""

import numpy as np
import pytest

from boxgauge.engine import Engine, EvaluationSettings, evaluate
from boxgauge.engine.analysis import WorstImages
from boxgauge.frames import GroundTruths, Predictions
from tests.engine.sides import CLASSES, draw_sides

SETTINGS = EvaluationSettings(score_threshold=0.4)


def test_what_is_wrong_is_told_apart(engine: Engine) -> None:
    predictions = Predictions.from_arrays(
        ["a"],
        [5],
        [[0.0, 0, 10, 10], [0, 0, 10, 9], [40, 40, 9, 9], [80, 80, 9, 9], [20, 20, 9, 9]],
        [3, 3, 3, 3, 7],
        [0.9, 0.8, 0.7, 0.3, 0.6],
    )
    truths = GroundTruths.from_arrays(
        ["a"],
        [4],
        [[0.0, 0, 10, 10], [80, 80, 9, 9], [20, 20, 9, 9], [60, 0, 5, 5]],
        [3, 3, 7, 3],
        crowd=[False, False, True, False],
    )
    worst = WorstImages(SETTINGS)
    evaluate(engine, predictions, truths, CLASSES, SETTINGS, accumulators=(worst,))
    (image,) = worst.report()
    # The second is one too many, the third has no object; the last took a crowd.
    assert image.scores.tolist() == [0.9, 0.8, 0.7]
    assert image.correct.tolist() == [True, False, False]
    assert image.counted.tolist() == [True, True, False, True]
    assert image.found.tolist() == [True, False, True, False]
    assert (image.false_positives, image.false_negatives, image.errors) == (2, 2, 4)


@pytest.mark.parametrize("seed", range(3))
def test_the_worst_come_first_and_all_add_up_to_the_operating_point(
    engine: Engine, seed: int
) -> None:
    predictions, truths = draw_sides(seed, images=140)
    every, few = WorstImages(SETTINGS, most=1000), WorstImages(SETTINGS, most=5)
    point = evaluate(
        engine, predictions, truths, CLASSES, SETTINGS, accumulators=(every, few)
    ).report.operating_point
    images = every.report()
    assert sum(each.false_positives for each in images) == point.false_positives
    perfect = len(predictions) - len(images)
    assert perfect >= 0
    errors = [each.errors for each in images]
    assert errors == sorted(errors, reverse=True)
    assert [each.image_id for each in few.report()] == [each.image_id for each in images[:5]]
    assert sum(each.false_negatives for each in images) == point.false_negatives


def test_neither_batches_nor_order_change_who_is_worst(engine: Engine) -> None:
    predictions, truths = draw_sides(8, images=30)
    order = np.random.default_rng(0).permutation(30).tolist()
    ids = []
    for images in ([*range(30)], order):
        worst = WorstImages(SETTINGS, most=9)
        for part in (images[:11], images[11:]):
            evaluate(
                engine,
                predictions.take(part),
                truths.take(part),
                CLASSES,
                SETTINGS,
                accumulators=(worst,),
            )
        ids.append([each.image_id for each in worst.report()])
    assert ids[0] == ids[1]


def test_an_image_without_errors_is_not_among_them(engine: Engine) -> None:
    worst = WorstImages(SETTINGS)
    predictions = Predictions.from_arrays(["a"], [1], [[0.0, 0, 5, 5]], [3], [0.9])
    truths = GroundTruths.from_arrays(["a"], [1], [[0.0, 0, 5, 5]], [3])
    evaluate(engine, predictions, truths, CLASSES, SETTINGS, accumulators=(worst,))
    assert worst.report() == ()
