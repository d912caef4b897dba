"""The means of a report, summed by numpy in pycocotools' order so that the bits agree."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.report import ClassReport, Curves, Statistics
from boxgauge.engine.settings import COCO_IOU_THRESHOLDS, EvaluationSettings, ObjectClass


def mean(values: NDArray[np.float64]) -> float | None:
    """Return the mean of the defined entries (above -1), or None if there is none."""
    # A mean looks twice at values that lie far apart: copied, the second look is cheap.
    values = np.ascontiguousarray(values)
    defined = values[values > -1]
    return float(np.mean(defined)) if defined.size else None


def average_precision(curves: Curves, settings: EvaluationSettings) -> dict[tuple[str, str], float]:
    """Return the mean precision by (IoU, area); only defined ones, most detections last."""
    found = {}
    spans = [(overall_name(settings), slice(None))]
    spans += [
        (f"{iou:.2f}", slice(t, t + 1))
        for t, iou in enumerate(settings.iou_thresholds)
        if iou in (0.5, 0.75)
    ]
    for a, area in enumerate(settings.areas):
        for name, thresholds in spans:
            value = mean(curves.precision[thresholds, :, :, a, -1])
            if value is not None:
                found[name, area.name] = value
    return found


def average_recall(curves: Curves, settings: EvaluationSettings) -> dict[tuple[str, int], float]:
    """Return the mean recall by (area, most detections); only defined ones."""
    found = {}
    for a, area in enumerate(settings.areas):
        for m, most in enumerate(settings.max_detections):
            value = mean(curves.recall[:, :, a, m])
            if value is not None:
                found[area.name, most] = value
    return found


def statistics(
    precision: Mapping[tuple[str, str], float],
    recall: Mapping[tuple[str, int], float],
    settings: EvaluationSettings,
) -> Statistics:
    """Return COCO's 12 statistics from the means.

    AR1, AR10 and AR100 are the first, second and last of the settings' maxima. pycocotools
    leaves AP undefined unless 100 is among the maxima; only strict settings follow it.
    """
    most = settings.max_detections
    every, last = settings.areas[0].name, most[-1]
    overall = overall_name(settings)
    second = most[1] if len(most) > 1 else last
    no_hundred = settings.strict and 100 not in most
    return Statistics(
        AP=None if no_hundred else precision.get((overall, every)),
        AP50=precision.get(("0.50", every)),
        AP75=precision.get(("0.75", every)),
        APs=precision.get((overall, "small")),
        APm=precision.get((overall, "medium")),
        APl=precision.get((overall, "large")),
        AR1=recall.get((every, most[0])),
        AR10=recall.get((every, second)),
        AR100=recall.get((every, last)),
        ARs=recall.get(("small", last)),
        ARm=recall.get(("medium", last)),
        ARl=recall.get(("large", last)),
    )


def class_reports(
    curves: Curves,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    positives: NDArray[np.int64],
    detections: NDArray[np.int64],
) -> tuple[ClassReport, ...]:
    """Return each class's means over all areas and the most detections."""
    ious = settings.iou_thresholds
    ap = _class_means(curves.precision[:, :, :, 0, -1])
    ap50, ap75 = (
        _class_means(curves.precision[ious.index(iou), :, :, 0, -1])
        if iou in ious
        else (None,) * len(classes)
        for iou in (0.5, 0.75)
    )
    ar = _class_means(curves.recall[:, :, 0, -1])
    counts = zip(positives.tolist(), detections.tolist(), strict=True)
    return tuple(
        ClassReport(each, *means, *of_class)
        for each, *means, of_class in zip(classes, ap, ap50, ap75, ar, counts, strict=True)
    )


def _class_means(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    """Return the mean over all axes but the last, the class; None where it is undefined.

    A class is defined at all thresholds or at none, so that each row is summed whole: as
    numpy sums it alone, and with the same bits.
    """
    rows = np.ascontiguousarray(values.reshape(-1, values.shape[-1]).T)
    return tuple(
        float(each) if is_defined else None
        for each, is_defined in zip(rows.mean(axis=1), rows[:, 0] > -1, strict=True)
    )


def overall_name(settings: EvaluationSettings) -> str:
    """Return the name of the mean over all thresholds: COCO's own, or "all" of others."""
    is_coco = settings.iou_thresholds == COCO_IOU_THRESHOLDS
    return "0.50:0.95" if is_coco else "all"
