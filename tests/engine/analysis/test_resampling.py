"""Resampled statistics: the report's bits, and pycocotools' on images that are really copied."""

from dataclasses import astuple, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from boxgauge.engine import (
    COCO_AREAS,
    Engine,
    Evaluation,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    evaluate,
    match_images,
)
from boxgauge.engine.analysis import Resampler, ResamplingTally
from boxgauge.engine.analysis.events import Events, list_events
from boxgauge.engine.settings import RECALL_GRID
from boxgauge.frames import AlreadyExistsError, GroundTruths, InvalidInputError, Predictions
from boxgauge.metrics import resampled_curves
from tests.engine.sides import CLASSES, draw_sides
from tests.integration.scenes import Scene, pycocotools, scenes

COCO = EvaluationSettings()
OTHERS = (
    EvaluationSettings(max_detections=(1, 3, 5)),
    EvaluationSettings(max_detections=(2,), iou_thresholds=(0.3, 0.5), areas=COCO_AREAS[:2]),
    EvaluationSettings(strict=True),
)


def evaluated(
    engine: Engine,
    sides: tuple[Predictions, GroundTruths],
    classes: tuple[ObjectClass, ...] = CLASSES,
    asked: EvaluationSettings = COCO,
) -> tuple[ResamplingTally, Evaluation]:
    tally = ResamplingTally(classes, asked)
    return tally, evaluate(engine, *sides, classes, asked, accumulators=[tally])


def resampler(engine: Engine, tally: ResamplingTally) -> Resampler:
    matches = tally.matches()
    assert matches is not None
    return Resampler(engine, tally.classes, tally.settings, matches)


def reported(evaluation: Evaluation) -> NDArray[np.float64]:
    """Return a report's statistics as a resampler names them."""
    report = evaluation.report
    values = (*astuple(report.statistics), *(each.ap for each in report.classes))
    return np.array(values, dtype=np.float64)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), asked=st.sampled_from((COCO, *OTHERS)))
def test_weights_of_one_give_the_bits_of_the_report(
    engine: Engine, seed: int, asked: EvaluationSettings
) -> None:
    tally, evaluation = evaluated(engine, draw_sides(seed), asked=asked)
    ones = np.ones(len(tally), dtype=np.int64)
    drawn = resampler(engine, tally)
    np.testing.assert_array_equal(drawn.statistics(ones), reported(evaluation))
    curves, wanted = drawn.curves(ones), evaluation.report.curves
    np.testing.assert_array_equal(curves.precision[..., -1], wanted.precision[..., -1])
    np.testing.assert_array_equal(curves.recall[..., 0, :], wanted.recall[..., 0, :])


def copied(scene: Scene, weights: list[int]) -> Scene:
    """Return the scene with each image as often as its weight says, copies side by side."""
    most = max([*weights, 1])
    places = {image: k for k, image in enumerate(sorted(scene.images))}
    copies = {
        image: [places[image] * most + c for c in range(weights[places[image]])]
        for image in scene.images
    }
    images = [copy for each in copies.values() for copy in each]
    annotations, results = (
        [row | {"image_id": copy} for row in rows for copy in copies[row["image_id"]]]
        for rows in (scene.annotations, scene.results)
    )
    numbered = [row | {"id": k} for k, row in enumerate(annotations, 1)]
    return Scene(images, scene.categories, numbered, results)


@settings(max_examples=60, deadline=None)
@given(scene=scenes(), seed=st.integers(0, 2**31))
def test_weights_are_pycocotools_on_copied_images(engine: Engine, scene: Scene, seed: int) -> None:
    random = np.random.default_rng(seed)
    # Ties between images, none within one: there copies stand in another order.
    for image in scene.images:
        rows = [row for row in scene.results if row["image_id"] == image]
        for row, score in zip(rows, random.permutation(len(rows)).tolist(), strict=True):
            row["score"] = score / 16
    weights = random.integers(0, 4, len(scene.images))
    copies = copied(scene, weights.tolist())
    if not copies.images:
        return
    classes = tuple(ObjectClass(each, str(each)) for each in scene.categories)
    tally, _ = evaluated(engine, scene.frames(), classes)
    found = resampler(engine, tally).statistics(weights)[:12]
    wanted = np.array(pycocotools(copies).statistics)
    np.testing.assert_array_equal(found, np.where(wanted < 0, np.nan, wanted))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_the_graph_gives_the_bits_of_the_kernel(engine: Engine, seed: int) -> None:
    matches = evaluated(engine, draw_sides(seed))[0].matches()
    assert matches is not None
    events = list_events(CLASSES, COCO, matches)
    weights = np.random.default_rng(seed).integers(0, 4, len(matches))
    inputs = {"weights": weights} | {name: getattr(events, name) for name in Events.__slots__}
    inputs["recall_points"] = RECALL_GRID
    found = engine.run("resampled_report", inputs)
    eager = resampled_curves(**{k: torch.from_numpy(v.copy()) for k, v in inputs.items()})
    for name, tensor in eager._asdict().items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), err_msg=name)


def test_neither_batches_nor_order_nor_merging_matters(engine: Engine) -> None:
    predictions, truths = draw_sides(3)
    whole, _ = evaluated(engine, (predictions, truths))
    order = np.random.default_rng(0).permutation(len(predictions)).tolist()
    halves = ResamplingTally(CLASSES, COCO), ResamplingTally(CLASSES, COCO)
    for k in order:
        one = predictions.take([k]), truths.take([k])
        halves[k % 2].add(MatchedImages(*one, match_images(engine, *one, COCO)))
    halves[0].merge(halves[1])
    assert len(halves[0]) == len(whole)
    weights = np.arange(len(predictions)) % 3
    np.testing.assert_array_equal(
        resampler(engine, halves[0]).statistics(weights),
        resampler(engine, whole).statistics(weights),
    )


def test_an_image_twice_is_refused(engine: Engine) -> None:
    tally, _ = evaluated(engine, draw_sides(4))
    with pytest.raises(AlreadyExistsError, match="image 10 is there already"):
        tally.merge(evaluated(engine, draw_sides(5))[0])


def test_tallies_of_other_settings_do_not_merge(engine: Engine) -> None:
    tally, _ = evaluated(engine, draw_sides(4))
    with pytest.raises(InvalidInputError, match="of the same classes and settings"):
        tally.merge(ResamplingTally(CLASSES, replace(COCO, strict=True)))
