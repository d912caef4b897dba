"""From a tally's columns to a report: the report graph, then means and counts."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.curves import Columns
from boxgauge.engine.curves import curves as curves_of
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT, unpack_patterns
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.report import Curves, MeanLosses, OperatingPoint, Report
from boxgauge.engine.report_order import report_order
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sortable import restored, sortable
from boxgauge.engine.statistics import (
    average_precision,
    average_recall,
    class_reports,
    statistics,
)
from boxgauge.engine.tally_columns import TallyColumns

PRECISION_RECALL = "precision_recall"


def summarise(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    columns: TallyColumns,
    patterns: tuple[bytes, ...],
) -> Report:
    """Return the report of a tally's columns, whose images stand in report order."""
    outcomes = outcomes_of(patterns, settings)
    keys, values = sortable(columns.scores)
    order = report_order(columns.labels, keys)
    detections_of = np.bincount(columns.labels, minlength=len(classes))
    positives = positives_of(columns.truth_labels, columns.truth_counted, len(classes), settings)
    found = curves_of(
        engine,
        Columns(
            label=np.repeat(np.arange(len(classes)), detections_of),
            scores=keys[order],
            rank=columns.ranks[order],
            code=columns.codes[order],
            outcomes=outcomes,
            positives=positives,
            max_detections=np.array(settings.max_detections, dtype=np.int64),
        ),
    )
    curves = replace(found, scores=restored(found.scores, values))
    return report_of_curves(engine, classes, settings, columns, outcomes, positives, curves)


def report_of_curves(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    columns: TallyColumns,
    outcomes: NDArray[np.int64],
    positives: NDArray[np.int64],
    curves: Curves,
) -> Report:
    """Return what follows from the curves and the columns.

    Args:
        engine: Holds the graph.
        classes: In ascending id.
        settings: As matched.
        columns: Of all images.
        outcomes: By the columns' codes, [p, areas, thresholds].
        positives: Ground truths that count, [classes, areas].
        curves: Precision of the last maximum at least, recall of all.
    """
    detections, giou, giou_pairs, bce, bce_count, not_probability = columns.total_sums()
    precision, recall = average_precision(curves, settings), average_recall(curves, settings)
    total = int(positives[:, 0].sum())
    at = outcomes[:, 0, operating_threshold(settings)].astype(np.int8)[columns.codes]
    return Report(
        settings=settings,
        statistics=statistics(precision, recall, settings),
        classes=class_reports(
            curves,
            classes,
            settings,
            positives[:, 0],
            np.bincount(columns.labels, minlength=len(classes)),
        ),
        operating_point=_operating_point(engine, settings, columns.scores, at, total),
        losses=MeanLosses(
            giou=giou / FIXED_POINT / giou_pairs if giou_pairs else None,
            bce=bce / FIXED_POINT / bce_count if bce_count and not not_probability else None,
        ),
        images=len(columns.counts),
        positives=total,
        detections=detections,
        curves=curves,
        average_precision=precision,
        average_recall=recall,
    )


def outcomes_of(patterns: tuple[bytes, ...], settings: EvaluationSettings) -> NDArray[np.int64]:
    """Return outcomes [p, areas, thresholds], with a spare one where there is no pattern."""
    areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
    return unpack_patterns(patterns or (b"",), areas, thresholds)


def positives_of(
    labels: NDArray[np.integer[Any]],
    counted: NDArray[np.integer[Any]],
    classes: int,
    settings: EvaluationSettings,
) -> NDArray[np.int64]:
    """Return the ground truths that count, by class and area range.

    Args:
        labels: Class of each, from 0.
        counted: Area ranges in which it does, one bit each.
        classes: How many there are.
        settings: With these area ranges.
    """
    bits = counted.astype(np.uint32)
    by_area = [
        np.bincount(labels[(bits >> np.uint32(a)) & 1 == 1], minlength=classes)
        for a in range(len(settings.areas))
    ]
    return np.stack(by_area, axis=1).astype(np.int64)


def _operating_point(
    engine: Engine,
    settings: EvaluationSettings,
    scores: NDArray[np.float64],
    outcome: NDArray[np.int8],
    positives: int,
) -> OperatingPoint:
    found = engine.run(
        PRECISION_RECALL,
        {
            "scores": scores,
            "outcome": outcome,
            "positives": np.array([positives], dtype=np.int64),
            "score_threshold": np.array([settings.score_threshold], dtype=np.float64),
        },
    )
    has_precision, has_recall = found["defined"].tolist()
    return OperatingPoint(
        settings.iou_thresholds[operating_threshold(settings)],
        settings.score_threshold,
        found["precision"].item() if has_precision else None,
        found["recall"].item() if has_recall else None,
        int(found["tp"].item()),
        int(found["fp"].item()),
        int(found["fn"].item()),
    )
