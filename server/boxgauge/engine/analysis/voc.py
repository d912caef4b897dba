"""Pascal VOC's evaluation of two sides: matching without a second chance, two averages."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.voc_report import VocAverages, VocClass, VocReport, VocSettings
from boxgauge.engine.cells import number_cells
from boxgauge.engine.engine import Engine
from boxgauge.engine.settings import ObjectClass, check_classes
from boxgauge.engine.sides import aligned, check_values, of_classes, slice_images
from boxgauge.frames import GroundTruths, Predictions, ResourceExhaustedError, image_order

MATCH, AVERAGE = "match_voc", "voc_average_precision"
RECALL_POINTS = np.linspace(0.0, 1.0, 11)
# Boxes of one image and class on both sides, multiplied: what one run holds.
MAX_PAIRS = 1_000_000
_IMAGES = 128


def evaluate_voc(
    engine: Engine,
    predictions: Predictions,
    ground_truths: GroundTruths,
    classes: tuple[ObjectClass, ...],
    settings: VocSettings | None = None,
) -> VocReport:
    """Return VOC's average precisions; an image missing on one side is empty there.

    Ground truths marked ``ignore`` are VOC's difficult objects, and so are crowds: they need
    not be found, and what overlaps one of them most counts neither way. Areas are not read,
    and there is no maximum of detections. Ties in score rank by image id, then by row.

    Args:
        engine: Holds the graphs.
        predictions: Any finite scores.
        ground_truths: Any images; the order of neither side matters.
        classes: What is evaluated; boxes of other classes are left out.
        settings: Threshold 0.5 and inclusive corners by default.

    Raises:
        InvalidInputError: The classes are empty or not distinct, or a value is not what it may
            be; names side, image and field.
        ResourceExhaustedError: One image has more candidate pairs than a run may hold.
    """
    asked = VocSettings() if settings is None else settings
    ordered = check_classes(classes)
    check_values(predictions, ground_truths)
    class_ids = np.array([each.id for each in ordered], dtype=np.int64)
    ids = sorted({*predictions.image_ids, *ground_truths.image_ids}, key=image_order)
    dt = aligned(of_classes(predictions, class_ids), ids)
    gt = aligned(of_classes(ground_truths, class_ids), ids)
    label = np.searchsorted(class_ids, dt.labels)
    counted = ~(gt.ignore | gt.crowd)
    positives = np.bincount(
        np.searchsorted(class_ids, gt.labels[counted]), minlength=len(ordered)
    ).astype(np.int64)
    found = engine.run(
        AVERAGE,
        {
            "label": label,
            "scores": dt.scores,
            "outcome": _outcomes(engine, dt, gt, asked),
            "positives": positives,
            "recall_points": RECALL_POINTS,
        },
    )
    curves = tuple(found[name] for name in ("all_point", "eleven_point", "recall"))
    detections = np.bincount(label, minlength=len(ordered))
    return VocReport(
        asked,
        _averages(asked, *(each[:, found["defined"]] for each in curves)),
        tuple(
            VocClass(
                each,
                _averages(asked, *(curve[:, [k] if positives[k] else []] for curve in curves)),
                int(positives[k]),
                int(detections[k]),
            )
            for k, each in enumerate(ordered)
        ),
        len(ids),
        len(predictions.labels) - len(dt.labels),
    )


def _averages(settings: VocSettings, *curves: NDArray[np.float64]) -> tuple[VocAverages, ...]:
    """Return the means over classes, [thresholds, classes]; None where there is no class."""
    return tuple(
        VocAverages(iou, *(_mean(each[t]) for each in curves))
        for t, iou in enumerate(settings.iou_thresholds)
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    """Return the mean, summed one class after the other as VOC's tools do; None of nothing."""
    # Not sum(): from Python 3.12 on it carries the rounding errors along.
    return float(np.cumsum(values)[-1]) / len(values) if len(values) else None


def _outcomes(
    engine: Engine, predictions: Predictions, ground_truths: GroundTruths, settings: VocSettings
) -> NDArray[np.int64]:
    """Return the outcomes of all detections, [thresholds, d]."""
    nothing = np.zeros((len(settings.iou_thresholds), 0), dtype=np.int64)
    parts = (
        _match(engine, slice_images(predictions, part), slice_images(ground_truths, part), settings)
        for part in _parts(predictions, ground_truths)
    )
    return np.concatenate([nothing, *parts], axis=1)


def _match(
    engine: Engine, predictions: Predictions, ground_truths: GroundTruths, settings: VocSettings
) -> NDArray[np.int64]:
    """Return the outcomes of these images' detections, [thresholds, d]."""
    cells = number_cells(predictions, ground_truths)
    found = engine.run(
        MATCH,
        {
            # The graph asks only which boxes share a cell: one number says it, with one label.
            "dt_image": cells.of_predictions,
            "dt_label": np.zeros(len(predictions.labels), dtype=np.int64),
            "dt_boxes": predictions.boxes,
            "dt_scores": predictions.scores,
            "gt_image": cells.of_ground_truths,
            "gt_label": np.zeros(len(ground_truths.labels), dtype=np.int64),
            "gt_boxes": ground_truths.boxes,
            "gt_difficult": ground_truths.ignore | ground_truths.crowd,
            "iou_thresholds": np.array(settings.iou_thresholds, dtype=np.float64),
            "pixel": np.array([settings.inclusive], dtype=np.float64),
        },
    )
    outcome: NDArray[np.int64] = found["outcome"]
    return outcome


def _parts(predictions: Predictions, ground_truths: GroundTruths) -> Iterator[range]:
    """Yield runs of images that stay within the bounds.

    Raises:
        ResourceExhaustedError: One image alone has more pairs.
    """
    cells = number_cells(predictions, ground_truths)
    total = int(cells.first[-1])
    dt = np.bincount(cells.of_predictions, minlength=total)
    gt = np.bincount(cells.of_ground_truths, minlength=total)
    # Summed up to each cell, since an image may have none.
    pairs = np.diff(np.concatenate([[0], np.cumsum(dt * gt)])[cells.first])
    start, held = 0, 0
    for k, more in enumerate(pairs.tolist()):
        if more > MAX_PAIRS:
            raise ResourceExhaustedError(
                f"image {predictions.image_ids[k]!r} has {more} candidate pairs:"
                f" at most {MAX_PAIRS} fit in one run",
                field="image_id",
                value=predictions.image_ids[k],
            )
        if k - start == _IMAGES or held + more > MAX_PAIRS:
            yield range(start, k)
            start, held = k, 0
        held += more
    if len(predictions) > start:
        yield range(start, len(predictions))
