"""The statistics of a window: certified bounds or exact values, and replicates of both."""

from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.curves import window_curves
from boxgauge.engine.online.replicates import Replicates
from boxgauge.engine.online.rows_of_window import binned_rows, exact_rows, positives_by_group
from boxgauge.engine.online.scored import Scored
from boxgauge.engine.online.window_rows import GROUPS, WindowColumns, WindowRows
from boxgauge.engine.report import Curves, Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch import report as sketch_report
from boxgauge.engine.sketch.bounds import CertifiedCurves, Int64
from boxgauge.engine.sketch.report import Precisions, SketchReport
from boxgauge.engine.summary import report_of_curves

_NO_CURVES = Curves(np.zeros(0), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What rows say.

    Attributes:
        scored: The rows.
        positives_by_group: Ground truths to be found, [groups, classes, areas].
        bounds: On the curves; of exact rows both are the curve.
        report: Without curves; of a sketch, precisions are the middle of their intervals.
        low: Lower ends of the precisions; of exact rows the same as the report's.
        high: Upper ends.
        replicates: Without each group of images.
    """

    scored: Scored
    positives_by_group: Int64
    bounds: CertifiedCurves
    report: Report
    low: Precisions
    high: Precisions
    replicates: Replicates


def measured(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    window: WindowRows | WindowColumns,
) -> Measured:
    """Return the statistics.

    Args:
        engine: Holds the graphs.
        classes: In ascending id.
        settings: As matched.
        window: What a store holds.
    """
    if isinstance(window, WindowRows):
        return _of_rows(engine, classes, settings, window)
    return _of_columns(engine, classes, settings, window)


def _of_rows(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    window: WindowRows,
) -> Measured:
    scored = binned_rows(window, settings)
    maxima = len(settings.max_detections)
    found = window_curves(
        engine, scored.rows, window.positives_by_group, window.images_by_group > 0, maxima
    )
    report = sketch_report.report_of_curves(
        engine, classes, settings, scored.rows, window.totals, found.bounds, window.rows.levels
    )
    return Measured(
        scored,
        window.positives_by_group,
        found.bounds,
        _middle(report),
        report.low,
        report.high,
        Replicates.of(found.left_out, settings),
    )


def _of_columns(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    window: WindowColumns,
) -> Measured:
    columns = window.columns
    scored = exact_rows(window, len(classes), settings)
    by_group = positives_by_group(window, len(classes), settings)
    positives = by_group.sum(axis=0)
    occupied = np.bincount(window.groups, minlength=GROUPS) > 0
    maxima = len(settings.max_detections)
    found = window_curves(engine, scored.rows, by_group, occupied, maxima)
    # A bin of one detection leaves no doubt: both bounds are the exact curve.
    curves = Curves(found.bounds.low, found.bounds.recall, np.zeros(0))
    outcomes = scored.rows.outcomes
    report = report_of_curves(engine, classes, settings, columns, outcomes, positives, curves)
    exact = Precisions(report.statistics, report.classes, report.average_precision)
    return Measured(
        scored,
        by_group,
        found.bounds,
        replace(report, curves=_NO_CURVES),
        exact,
        exact,
        Replicates.of(found.left_out, settings),
    )


def _middle(found: SketchReport) -> Report:
    return Report(
        settings=found.settings,
        statistics=found.point.statistics,
        classes=found.point.classes,
        operating_point=found.operating_point,
        losses=found.losses,
        images=found.images,
        positives=found.positives,
        detections=found.detections,
        curves=_NO_CURVES,
        average_precision=found.point.average_precision,
        average_recall=found.average_recall,
    )
