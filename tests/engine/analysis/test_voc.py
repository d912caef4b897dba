"""VOC's evaluation against loops, and against the published figures of another tool."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxgauge.engine import Engine, ObjectClass
from boxgauge.engine.analysis import VocReport, VocSettings, evaluate_voc, voc
from boxgauge.formats import read_detections, read_ground_truth
from boxgauge.frames import (
    GroundTruths,
    InvalidInputError,
    Predictions,
    ResourceExhaustedError,
    image_order,
)
from tests.engine.sides import CLASSES, draw_sides
from tests.reference import voc as reference

DATA = os.environ.get("BOXGAUGE_DATA", "")
ONE = (ObjectClass(1, "thing"),)
SETTINGS = VocSettings(iou_thresholds=(0.3, 0.5, 0.75, 1.0))


def expected(
    predictions: Predictions, truths: GroundTruths, asked: VocSettings
) -> dict[tuple[int, float], tuple[float, float, float] | None]:
    """Return what loops find, by class and threshold: all points, 11 points, recall."""
    ids = sorted({*predictions.image_ids, *truths.image_ids}, key=image_order)
    dt_image = [ids.index(predictions.image_ids[k]) for k in predictions.image_index]
    gt_image = [ids.index(truths.image_ids[k]) for k in truths.image_index]
    pixel = float(asked.inclusive)
    found: dict[tuple[int, float], tuple[float, float, float] | None] = {}
    for each in CLASSES:
        detections = sorted(
            (
                reference.Detection(image, score, corners(box))
                for image, score, box, label in zip(
                    dt_image,
                    predictions.scores.tolist(),
                    predictions.boxes.tolist(),
                    predictions.labels.tolist(),
                    strict=True,
                )
                if label == each.id
            ),
            key=lambda detection: detection.image,
        )
        objects = [
            reference.Truth(image, corners(box), ignore or crowd)
            for image, box, ignore, crowd, label in zip(
                gt_image,
                truths.boxes.tolist(),
                truths.ignore.tolist(),
                truths.crowd.tolist(),
                truths.labels.tolist(),
                strict=True,
            )
            if label == each.id
        ]
        positives = sum(not truth.difficult for truth in objects)
        for iou in asked.iou_thresholds:
            found[each.id, iou] = None
            if positives:
                outcome = reference.outcomes(detections, objects, iou, pixel)
                curve = reference.precision_recall(detections, outcome, positives)
                reached = curve[1][-1] if detections else 0.0
                found[each.id, iou] = (
                    reference.all_point(*curve),
                    reference.eleven_point(*curve),
                    reached,
                )
    return found


def corners(box: list[float]) -> reference.Box:
    x, y, w, h = box
    return x, y, x + w, y + h


def by_class(report: VocReport) -> dict[tuple[int, float], tuple[float, float, float] | None]:
    return {
        (each.object_class.id, at.iou_threshold): None
        if at.all_point is None or at.eleven_point is None or at.recall is None
        else (at.all_point, at.eleven_point, at.recall)
        for each in report.classes
        for at in each.averages
    }


@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), images=st.integers(0, 9), inclusive=st.booleans())
def test_equals_the_loops_in_all_bits(
    engine: Engine, seed: int, images: int, inclusive: bool
) -> None:
    predictions, truths = draw_sides(seed, images)
    asked = replace(SETTINGS, inclusive=inclusive)
    report = evaluate_voc(engine, predictions, truths, CLASSES, asked)
    wanted = expected(predictions, truths, asked)
    assert by_class(report) == wanted
    for at in report.means:
        rows = [row for (_, iou), row in wanted.items() if iou == at.iou_threshold and row]
        means = [fold(column) / len(rows) for column in zip(*rows, strict=True)] or [None] * 3
        assert [at.all_point, at.eleven_point, at.recall] == means


def fold(values: tuple[float, ...]) -> float:
    total = 0.0
    for each in values:
        total += each
    return total


@pytest.mark.skipif(not DATA, reason="BOXGAUGE_DATA names no folder with voc2007_100")
def test_equals_padilla_s_tool_on_voc2007(engine: Engine) -> None:
    folder = Path(DATA)
    truth = read_ground_truth(folder / "voc2007_100" / "ground_truth.json")
    predictions, _ = read_detections(folder / "voc2007_100" / "detections.json", truth)
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    asked = VocSettings(iou_thresholds=(0.5, 0.75))
    means = evaluate_voc(engine, predictions, truth.frames, classes, asked).means
    wanted = json.loads((folder / "expected.json").read_text())["voc2007_100"]["voc"]
    assert {
        f"VOC mAP@{at.iou_threshold} {kind}": getattr(at, kind.replace("11", "eleven"))
        for at in means
        for kind in ("all_point", "11_point")
    } == wanted


def scene(
    boxes: list[list[float]],
    truths: list[list[float]],
    *,
    scores: list[float],
    difficult: list[bool] | None = None,
) -> tuple[Predictions, GroundTruths]:
    """Return one image of one class."""
    dt, gt = np.array(boxes, dtype=np.float64), np.array(truths, dtype=np.float64)
    return (
        Predictions.from_arrays([5], [len(dt)], dt, [1] * len(dt), scores),
        GroundTruths.from_arrays([5], [len(gt)], gt, [1] * len(gt), ignore=difficult),
    )


def averages(engine: Engine, sides: tuple[Predictions, GroundTruths]) -> tuple[float, float]:
    (at,) = evaluate_voc(engine, *sides, ONE).means
    assert at.all_point is not None
    assert at.eleven_point is not None
    return at.all_point, at.eleven_point


def test_there_is_no_second_chance(engine: Engine) -> None:
    # Both detections overlap the first object most, and the second one by more than half.
    near = [[0.0, 0, 9, 9], [0, 0, 9, 9]]
    sides = scene(near, [[0, 0, 9, 9], [0, 0, 9, 7]], scores=[0.9, 0.8])
    assert averages(engine, sides) == (0.5, pytest.approx(6 / 11))


def test_what_overlaps_a_difficult_object_most_counts_neither_way(engine: Engine) -> None:
    boxes = [[0.0, 0, 9, 9], [0, 0, 9, 9], [50, 50, 9, 9]]
    sides = scene(
        boxes, [[0, 0, 9, 9], [50, 50, 9, 9]], scores=[0.9, 0.8, 0.7], difficult=[True, False]
    )
    assert averages(engine, sides) == (1.0, 1.0)


def test_the_last_pixel_belongs_to_an_inclusive_box(engine: Engine) -> None:
    # Corners (0, 0, 9, 9) and (0, 0, 9, 4): 10 × 10 and 10 × 5 pixels, IoU exactly 0.5.
    sides = scene([[0.0, 0, 9, 4]], [[0, 0, 9, 9]], scores=[0.5])
    assert averages(engine, sides) == (1.0, 1.0)
    edges = evaluate_voc(engine, *sides, ONE, VocSettings(inclusive=False))
    assert edges.means[0].all_point == 0.0


def test_a_class_without_positives_is_absent_and_one_without_detections_is_zero(
    engine: Engine,
) -> None:
    classes = (*ONE, ObjectClass(2, "lost"), ObjectClass(3, "rare"))
    predictions = Predictions.from_arrays([5], [1], [[0.0, 0, 9, 9]], [3], [0.5])
    truths = GroundTruths.from_arrays([5], [1], [[0.0, 0, 9, 9]], [2])
    report = evaluate_voc(engine, predictions, truths, classes)
    assert [each.averages[0].all_point for each in report.classes] == [None, 0.0, None]
    assert report.means[0].all_point == 0.0


def test_runs_split_by_pairs_give_the_same(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, truths = draw_sides(3, images=40)
    whole = evaluate_voc(engine, predictions, truths, CLASSES, SETTINGS)
    monkeypatch.setattr(voc, "MAX_PAIRS", 30)
    assert evaluate_voc(engine, predictions, truths, CLASSES, SETTINGS) == whole
    monkeypatch.setattr(voc, "MAX_PAIRS", 1)
    with pytest.raises(ResourceExhaustedError, match="candidate pairs: at most 1 fit"):
        evaluate_voc(engine, predictions, truths, CLASSES, SETTINGS)


@pytest.mark.parametrize("ious", [(), (0.0,), (0.7, 0.5), (1.5,), (float("nan"),)])
def test_bad_thresholds_are_refused(ious: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError, match="iou_thresholds must be ascending"):
        VocSettings(iou_thresholds=ious)
