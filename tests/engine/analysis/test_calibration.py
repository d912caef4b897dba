"""Calibration of matched images, against pycocotools' own matches and exact fractions."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask
from pycocotools.cocoeval import COCOeval

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    evaluate,
    match_images,
)
from boxgauge.engine.analysis import CalibrationTally, PositionCalibrationTally
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions
from boxgauge.metrics import calibration_errors, count_calibration
from tests.engine.sides import CLASSES, draw_sides
from tests.integration.scenes import Scene, _documents, scenes
from tests.reference.calibration import Detection, calibration

COCO = EvaluationSettings()
ROUNDING = 2.0**-32
UQ_DETR: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "metrics" / "golden" / "uq_detr.json").read_text()
)


def coco_matches(scene: Scene) -> dict[int, list[Detection]]:
    """Return score, rightness and IoU of what pycocotools counts at IoU 0.5, by class."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(*_documents(scene), "bbox")
        evaluation.evaluate()
    found: dict[int, list[Detection]] = {each: [] for each in scene.categories}
    truths = {each["id"]: each["bbox"] for each in scene.annotations}
    for cell in evaluation.evalImgs:
        if cell is None or cell["aRng"] != evaluation.params.areaRng[0]:
            continue
        rows = evaluation._dts[cell["image_id"], cell["category_id"]]
        boxes = {each["id"]: each["bbox"] for each in rows}
        columns = (cell["dtIds"], cell["dtScores"], cell["dtMatches"][0], cell["dtIgnore"][0])
        for key, score, match, ignored in zip(*columns, strict=True):
            if not ignored:
                iou = _iou(boxes[key], truths[int(match)]) if match else 0.0
                found[cell["category_id"]].append((float(score), bool(match), iou))
    return found


def _iou(box: list[float], truth: list[float]) -> float:
    pair = (np.array([each], dtype=np.float64) for each in (box, truth))
    return float(mask.iou(*pair, [0])[0, 0])


@settings(max_examples=40, deadline=None)
@given(scene=scenes(), bins=st.integers(1, 25), least=st.integers(1, 3))
def test_errors_follow_from_pycocotools_matches(
    engine: Engine, scene: Scene, bins: int, least: int
) -> None:
    for each in scene.results:
        each["score"] = min(max(each["score"], 0.0), 1.0)
    classes = tuple(ObjectClass(each, str(each)) for each in scene.categories)
    tally = CalibrationTally(engine, classes, COCO, bins=bins)
    evaluate(engine, *scene.frames(), classes, COCO, accumulators=[tally])
    report = tally.report(least=least)

    matches, edges = coco_matches(scene), np.linspace(0, 1, bins + 1).tolist()
    for object_class, found in report.classes:
        own = matches[object_class.id]
        assert found.detections == len(own)
        if own:
            wanted = calibration(own, edges, least)
            assert (found.d_ece, found.la_ece) == pytest.approx(wanted, abs=ROUNDING)
        else:
            assert (found.d_ece, found.la_ece) == (None, None)
    every = [each for own in matches.values() for each in own]
    if every:
        wanted = calibration(every, edges, least)
        overall = report.overall
        assert (overall.d_ece, overall.la_ece) == pytest.approx(wanted, abs=ROUNDING)
        la_eces = [each.la_ece for _, each in report.classes if each.la_ece is not None]
        assert report.mean_la_ece == pytest.approx(np.mean(la_eces), rel=1e-12)


def test_both_errors_are_those_of_uq_detr(engine: Engine) -> None:
    images, counts = UQ_DETR["images"], [len(each["boxes"]) for each in UQ_DETR["images"]]

    def column(name: str) -> list[Any]:
        return [value for each in images for value in each[name]]

    ids = range(len(images))
    predictions = Predictions.from_arrays(
        ids, counts, column("boxes"), column("labels"), column("scores")
    )
    truth_counts = [len(each["truths"]) for each in images]
    truths = GroundTruths.from_arrays(ids, truth_counts, column("truths"), column("truth_labels"))
    classes = (ObjectClass(1, "one"), ObjectClass(2, "two"))
    tally = CalibrationTally(engine, classes, COCO, bins=UQ_DETR["bins"])
    evaluate(engine, predictions, truths, classes, COCO, accumulators=[tally])
    report = tally.report()
    assert report.overall.d_ece == pytest.approx(UQ_DETR["d_ece"], abs=ROUNDING)
    assert report.mean_la_ece == pytest.approx(UQ_DETR["mean_la_ece"], abs=ROUNDING)


def test_a_curve_shows_each_bin(engine: Engine) -> None:
    box = [[0.0, 0.0, 10.0, 10.0]]
    predictions = Predictions.from_arrays(
        [1], [3], [*box, [50.0, 0.0, 10.0, 8.0], [90.0, 90.0, 5.0, 5.0]], [3] * 3, [0.75, 1.0, 0.8]
    )
    truths = GroundTruths.from_arrays([1], [2], [*box, [50.0, 0.0, 10.0, 10.0]], [3, 3])
    tally = CalibrationTally(engine, CLASSES, COCO, bins=4)
    evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[tally])
    report = tally.report()
    curve = report.overall.curve
    assert report.iou_threshold == 0.5
    assert curve.edges.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert curve.detections.tolist() == [0, 0, 0, 3]
    assert curve.mean_scores.tolist() == [None] * 3 + [pytest.approx(0.85)]
    assert curve.precisions.tolist() == [None] * 3 + [pytest.approx(2 / 3)]
    assert curve.mean_ious.tolist() == [None] * 3 + [pytest.approx(0.9)]
    # |0.85 - 2/3| and |0.85 - 2/3 * 0.9|.
    assert report.overall.d_ece == pytest.approx(0.85 - 2 / 3)
    assert report.mean_la_ece == pytest.approx(0.85 - 0.6)
    absent = dict(report.classes)[CLASSES[2]]
    assert (absent.detections, absent.d_ece, absent.la_ece) == (0, None, None)


def test_neither_batches_nor_order_nor_corrections_matter(engine: Engine) -> None:
    predictions, truths = draw_sides(31)
    whole, other = (CalibrationTally(engine, CLASSES, COCO) for _ in range(2))
    second = CalibrationTally(engine, CLASSES, COCO)
    evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[whole])
    for k in range(len(predictions))[::-1]:
        one = predictions.take([k]), truths.take([k])
        images = MatchedImages(*one, match_images(engine, *one, COCO))
        (other if k % 2 else second).add(images)
        if k == 3:
            other.subtract(images)
            other.add(images)
    other.merge(second)
    found, wanted = other.report(), whole.report()
    assert (found.mean_d_ece, found.mean_la_ece) == (wanted.mean_d_ece, wanted.mean_la_ece)
    for (_, a), (_, b) in zip(found.classes, wanted.classes, strict=True):
        assert (a.detections, a.d_ece, a.la_ece) == (b.detections, b.d_ece, b.la_ece)


def test_the_graphs_give_the_bits_of_the_kernels(engine: Engine) -> None:
    random = np.random.default_rng(0)
    boxes = random.random((2, 200, 4)) * 40
    inputs = {
        "group": random.integers(0, 3, 200),
        "scores": random.random(200),
        "correct": random.random(200) < 0.6,
        "boxes": boxes[0],
        "truths": boxes[0] + boxes[1] / 20,
        "bounds": np.linspace(0, 1, 11)[1:-1],
        "counts": np.zeros((3, 10, 4), np.int64),
    }
    found = engine.run("count_calibration", inputs)["new_counts"]
    eager = count_calibration(**{k: torch.from_numpy(v.copy()) for k, v in inputs.items()})
    np.testing.assert_array_equal(found, eager.numpy())
    errors = engine.run("calibration_errors", {"counts": found, "least": np.array([2])})
    for name, tensor in calibration_errors(eager, torch.tensor([2]))._asdict().items():
        np.testing.assert_array_equal(errors[name], tensor.numpy(), err_msg=name)


def test_scores_below_the_threshold_and_no_probabilities_are_left_out(engine: Engine) -> None:
    box = [[0.0, 0.0, 10.0, 10.0]]
    predictions = Predictions.from_arrays([1], [3], box * 3, [3] * 3, [0.75, 0.2, 1.5])
    truths = GroundTruths.from_arrays([1], [1], box, [3])
    tally = CalibrationTally(engine, CLASSES, COCO, score_threshold=0.3)
    evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[tally])
    report = tally.report()
    assert (report.overall.detections, report.not_probability) == (1, 1)
    # The one at 1.5 took the only ground truth.
    assert report.overall.d_ece == 0.75


def test_position_tells_apart_what_the_score_alone_evens_out(engine: Engine) -> None:
    # Left half: always right; right half: always wrong; the score says one half.
    left, right = [10.0, 10.0, 20.0, 20.0], [70.0, 10.0, 20.0, 20.0]
    predictions = Predictions.from_arrays([1], [2], [left, right], [3, 3], [0.5, 0.5])
    truths = GroundTruths.from_arrays([1], [1], [left], [3])
    by_class = CalibrationTally(engine, CLASSES, COCO)
    by_place = PositionCalibrationTally(engine, COCO, {1: (100.0, 100.0)})
    evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[by_class, by_place])
    assert by_class.report().overall.d_ece == 0.0
    assert by_place.d_ece(least=1) == 0.5
    assert by_place.d_ece() == 0.0
    empty = PositionCalibrationTally(engine, COCO, {})
    assert empty.d_ece() is None
    with pytest.raises(InvalidInputError, match=r"image_sizes\[1\] must be width and height"):
        evaluate(engine, predictions, truths, CLASSES, COCO, accumulators=[empty])


def test_bad_requests_are_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match=r"bins must be in \[1, 1000\]: got 0"):
        CalibrationTally(engine, CLASSES, COCO, bins=0)
    with pytest.raises(InvalidInputError, match=r"position_bins must be in \[1, 100\]: got 0"):
        PositionCalibrationTally(engine, COCO, {}, position_bins=0)
    tally = CalibrationTally(engine, CLASSES, COCO)
    with pytest.raises(InvalidInputError, match="least must be at least 1: got 0"):
        tally.report(least=0)
    with pytest.raises(InvalidInputError, match="of the same classes, settings and bins"):
        tally.merge(CalibrationTally(engine, CLASSES, COCO, bins=5))
