"""What a sketch says: precision as certified intervals, recall and counts exactly."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.report import ClassReport, Curves, MeanLosses, OperatingPoint, Statistics
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.bounds import CertifiedCurves, Float64, Int64, certified_curves
from boxgauge.engine.sketch.ordered import OrderedRows
from boxgauge.engine.sketch.rows import SketchRows
from boxgauge.engine.sketch.totals import SketchTotals
from boxgauge.engine.sketch.unpacked import ordered_rows
from boxgauge.engine.statistics import (
    average_precision,
    average_recall,
    class_reports,
    statistics,
)

F_BETA = "f_beta"


@dataclass(frozen=True, slots=True)
class Precisions:
    """One of three readings of a sketch: the lowest, the highest, or what lies in the middle.

    Attributes:
        statistics: COCO's 12; the recalls are exact.
        classes: Each class; all but the precisions is exact.
        average_precision: By IoU and area, as in `Report`.
    """

    statistics: Statistics
    classes: tuple[ClassReport, ...]
    average_precision: dict[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class SketchReport:
    """One report of a sketch; absent is absent, as in `Report`.

    Attributes:
        low: Every precision is at least this, whatever the order within the bins.
        point: The middle of the interval.
        high: Every precision is at most this.
        average_recall: By area and maximum; exact.
        operating_point: Exact.
        losses: Exact.
        outside: Evaluated scores that are NaN or outside [0, 1], and count in the end bins.
        levels: How often each class's bins were doubled in width, 0 to 20.
    """

    settings: EvaluationSettings
    low: Precisions
    point: Precisions
    high: Precisions
    average_recall: dict[tuple[str, int], float]
    operating_point: OperatingPoint
    losses: MeanLosses
    images: int
    positives: int
    detections: int
    outside: int
    levels: tuple[int, ...]
    curves: CertifiedCurves


def summarise_sketch(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    rows: SketchRows,
    patterns: tuple[bytes, ...],
    totals: SketchTotals,
) -> SketchReport:
    """Return the report of a sketch's counts."""
    ordered = ordered_rows(rows, patterns, settings)
    curves = certified_curves(engine, ordered, totals.positives, len(settings.max_detections))
    return report_of_curves(engine, classes, settings, ordered, totals, curves, rows.levels)


def report_of_curves(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    rows: OrderedRows,
    totals: SketchTotals,
    curves: CertifiedCurves,
    levels: NDArray[np.uint8],
) -> SketchReport:
    """Return what follows from bounds on the curves and exact sums."""
    counts = np.bincount(rows.label, rows.counts, len(classes)).astype(np.int64)
    low, high = (
        _precisions(each, curves.recall, classes, settings, totals.positives[:, 0], counts)
        for each in (curves.low, curves.high)
    )
    detections, giou, giou_pairs, bce, bce_count, not_probability = totals.sums
    return SketchReport(
        settings=settings,
        low=low,
        point=_middle(low, high),
        high=high,
        average_recall=average_recall(Curves(curves.low, curves.recall, curves.low), settings),
        operating_point=operating_point_of(engine, settings, totals),
        losses=MeanLosses(
            giou=giou / FIXED_POINT / giou_pairs if giou_pairs else None,
            bce=bce / FIXED_POINT / bce_count if bce_count and not not_probability else None,
        ),
        images=totals.images,
        positives=int(totals.positives[:, 0].sum()),
        detections=detections,
        outside=totals.outside,
        levels=tuple(levels.tolist()),
        curves=curves,
    )


def _precisions(
    precision: Float64,
    recall: Float64,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    positives: Int64,
    detections: Int64,
) -> Precisions:
    # The exact report's own means, so that rounding cannot push a bound past what it bounds.
    curves = Curves(precision, recall, precision)
    means = average_precision(curves, settings)
    return Precisions(
        statistics(means, average_recall(curves, settings), settings),
        class_reports(curves, classes, settings, positives, detections),
        means,
    )


def _middle(low: Precisions, high: Precisions) -> Precisions:
    return Precisions(
        _middle_of(low.statistics, high.statistics),
        tuple(
            replace(a, ap=_mean(a.ap, b.ap), ap50=_mean(a.ap50, b.ap50), ap75=_mean(a.ap75, b.ap75))
            for a, b in zip(low.classes, high.classes, strict=True)
        ),
        {key: (a + high.average_precision[key]) / 2 for key, a in low.average_precision.items()},
    )


def _middle_of(low: Statistics, high: Statistics) -> Statistics:
    names = [each.name for each in fields(Statistics)]
    return Statistics(**{each: _mean(getattr(low, each), getattr(high, each)) for each in names})


def _mean(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else (a + b) / 2


def operating_point_of(
    engine: Engine, settings: EvaluationSettings, totals: SketchTotals
) -> OperatingPoint:
    """Return precision and recall from exact sums."""
    tp, fp = totals.true_positives, totals.false_positives
    positives = int(totals.positives[:, 0].sum())
    counts = {"tp": tp, "fp": fp, "positives": positives}
    found = engine.run(
        F_BETA,
        {name: np.array([each], dtype=np.int64) for name, each in counts.items()}
        | {"beta": np.ones(1)},
    )
    has_precision, has_recall, _ = found["defined"][:, 0].tolist()
    return OperatingPoint(
        settings.iou_thresholds[operating_threshold(settings)],
        settings.score_threshold,
        found["precision"].item() if has_precision else None,
        found["recall"].item() if has_recall else None,
        tp,
        fp,
        positives - tp,
    )
