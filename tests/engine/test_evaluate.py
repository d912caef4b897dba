"""Offline evaluation: sides that differ, bounds, faults and what differs from pycocotools."""

from dataclasses import replace

import numpy as np
import pytest

from boxgauge.engine import (
    AreaRange,
    Engine,
    EvaluationSettings,
    ObjectClass,
    evaluate,
    match_images,
    matching,
)
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions, ResourceExhaustedError
from tests.engine.sides import CLASSES, draw_sides
from tests.engine.test_tally import assert_same

COCO = EvaluationSettings()
ONE = (ObjectClass(1, "thing"),)


def one_image(
    scores: list[float], *, ids: list[int] | None = None, ignore: bool = False
) -> tuple[Predictions, GroundTruths]:
    """Return detections that all cover the one ground truth of image 5."""
    box = [[0.0, 0.0, 50.0, 50.0]]
    n = len(scores)
    return (
        Predictions.from_arrays([5], [n], box * n, [1] * n, scores),
        GroundTruths.from_arrays([5], [1], box, [1], ids=ids, ignore=[ignore]),
    )


def test_a_missing_side_counts_as_empty(engine: Engine) -> None:
    predictions, truths = draw_sides(5)
    emptied = replace(truths.take(range(4)), counts=np.zeros(4, np.int64))
    none = emptied.take([0, 1, 2, 3])
    kept = truths.take(range(4, len(truths)))
    with_empty = GroundTruths.concatenate(
        [type(none)(none.image_ids, none.counts, *(c[:0] for c in none.columns)), kept]
    )
    assert_same(
        evaluate(engine, predictions, kept, CLASSES, COCO).report,
        evaluate(engine, predictions, with_empty, CLASSES, COCO).report,
    )


def test_boxes_of_other_classes_are_dropped_and_counted(engine: Engine) -> None:
    predictions, truths = draw_sides(6)
    cats = evaluate(engine, predictions, truths, CLASSES[:1], COCO)
    assert cats.dropped == int((predictions.labels != 3).sum())
    whole = evaluate(engine, predictions, truths, CLASSES, COCO)
    assert cats.report.classes[0] == whole.report.classes[0]


def test_runs_split_by_pairs_give_the_same_bits(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions, truths = draw_sides(7, images=40)
    whole = evaluate(engine, predictions, truths, CLASSES, COCO).report
    monkeypatch.setattr(matching, "MAX_PAIRS", 40)
    monkeypatch.setattr(matching, "MAX_DETECTIONS", 15)
    assert_same(evaluate(engine, predictions, truths, CLASSES, COCO).report, whole)


def test_an_image_beyond_the_bound_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions, truths = one_image([0.5] * 9)
    monkeypatch.setattr(matching, "MAX_PAIRS", 8)
    with pytest.raises(ResourceExhaustedError, match="image 5 has 9 candidate pairs: at most 8"):
        match_images(engine, predictions, truths, COCO)


def test_sides_of_other_images_do_not_match(engine: Engine) -> None:
    predictions, truths = draw_sides(8)
    with pytest.raises(InvalidInputError, match=r"ground_truths\.image_ids"):
        match_images(engine, predictions, truths.take([1, 0]), COCO)


def test_id_zero_is_right_by_default_and_lost_when_strict(engine: Engine) -> None:
    sides = one_image([0.9], ids=[0])
    fixed = evaluate(engine, *sides, ONE, COCO).report
    strict = evaluate(engine, *sides, ONE, replace(COCO, strict=True)).report
    assert fixed.operating_point.true_positives == 1
    assert strict.operating_point.true_positives == 0
    assert strict.statistics.AP == 0.0
    assert fixed.notes == (
        "1 ground truths have id 0; pycocotools takes a match with them for none",
    )


def test_ignore_holds_by_default_and_is_overwritten_when_strict(engine: Engine) -> None:
    sides = one_image([0.9], ignore=True)
    assert evaluate(engine, *sides, ONE, COCO).report.statistics.AP is None
    strict = evaluate(engine, *sides, ONE, replace(COCO, strict=True)).report
    assert pytest.approx(1) == strict.statistics.AP


def test_ap_is_there_without_a_hundred_unless_strict(engine: Engine) -> None:
    sides, few = one_image([0.9]), replace(COCO, max_detections=(1, 10, 50))
    assert pytest.approx(1) == evaluate(engine, *sides, ONE, few).report.statistics.AP
    strict = evaluate(engine, *sides, ONE, replace(few, strict=True)).report.statistics
    assert strict.AP is None
    assert pytest.approx(1) == strict.AP50


def test_losses_are_means_over_what_was_matched(engine: Engine) -> None:
    predictions, truths = one_image([0.8, 0.3])
    losses = evaluate(engine, predictions, truths, ONE, COCO).report.losses
    assert losses.giou == 0.0
    # One match at 0.8, one false positive at 0.3.
    assert losses.bce == pytest.approx(-(np.log(0.8) + np.log(0.7)) / 2, rel=1e-6)


@pytest.mark.parametrize(
    ("origin", "scale"),
    [
        pytest.param(1e8, 1.0, id="small boxes far from the origin"),
        pytest.param(0.0, 1e30, id="areas beyond float32"),
    ],
)
def test_mean_giou_depends_on_neither_origin_nor_scale(
    engine: Engine, origin: float, scale: float
) -> None:
    box = np.array([[origin, origin, 10 * scale, 10 * scale]])
    predictions = Predictions.from_arrays([1], [1], box + np.array([scale, 0, 0, 0]), [1], [0.9])
    truths = GroundTruths.from_arrays([1], [1], box, [1], areas=[100.0])
    cat = (ObjectClass(1, "cat"),)
    report = evaluate(engine, predictions, truths, cat, EvaluationSettings()).report
    assert report.losses.giou == pytest.approx(2 / 11, rel=1e-6)


def test_cross_entropy_is_absent_where_a_score_is_no_probability(engine: Engine) -> None:
    predictions, truths = one_image([3.5, 0.3])
    report = evaluate(engine, predictions, truths, ONE, COCO).report
    assert report.losses.bce is None
    assert pytest.approx(1) == report.statistics.AP


@pytest.mark.parametrize(
    ("box", "score", "message"),
    [
        ([0.0, 0, 1, 1], np.nan, "predictions of image 'b': scores[0] must be finite: got nan"),
        (
            [0.0, 0, 1e308, 1e308],
            0.5,
            "predictions of image 'b': boxes[0].w must be at most 1e+100 from 0: got 1e+308",
        ),
    ],
)
def test_a_bad_value_names_side_image_and_field(
    engine: Engine, box: list[float], score: float, message: str
) -> None:
    good = [0.0, 0.0, 1.0, 1.0]
    found = Predictions.from_arrays(["a", "b"], [1, 1], [good, box], [1, 1], [0.5, score])
    truths = GroundTruths.from_arrays(["a"], [1], [good], [1])
    with pytest.raises(InvalidInputError) as caught:
        evaluate(engine, found, truths, ONE, COCO)
    assert str(caught.value) == message


def test_progress_tells_of_every_image(engine: Engine) -> None:
    predictions, truths = draw_sides(9, images=150)
    done: list[int] = []
    evaluate(engine, predictions, truths, CLASSES, COCO, progress=done.append)
    assert sum(done) == 150


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"iou_thresholds": (0.5, 0.5)}, "iou_thresholds must be ascending"),
        ({"iou_thresholds": (0.0,)}, r"iou_thresholds must be ascending in \(0, 1\]"),
        ({"max_detections": ()}, "max_detections must be ascending"),
        ({"areas": (AreaRange("a", 5, 1),)}, r"areas\[a\] must be 0 <= low <= high"),
        ({"areas": (AreaRange("a", 0, 1),) * 2}, "areas must be at least one"),
        ({"score_threshold": float("nan")}, "score_threshold must be finite: got nan"),
    ],
)
def test_bad_settings_name_field_and_value(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        EvaluationSettings(**given)  # type: ignore[arg-type]
