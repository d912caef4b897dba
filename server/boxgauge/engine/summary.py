"""From a tally's columns to a report: the report graph, then means and counts."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.curves import Columns
from boxgauge.engine.curves import curves as curves_of
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT, unpack_pattern
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.report import MeanLosses, OperatingPoint, Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sortable import restored, sortable
from boxgauge.engine.statistics import (
    average_precision,
    average_recall,
    class_reports,
    statistics,
)

PRECISION_RECALL = "precision_recall"


def summarise(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    rows: NDArray[np.void],
    truths: NDArray[np.void],
    patterns: tuple[bytes, ...],
    sums: tuple[int, ...],
    images: int,
) -> Report:
    """Return the report of a tally's columns (see `boxgauge.engine.tally`)."""
    areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
    outcomes = np.zeros((max(len(patterns), 1), areas, thresholds), dtype=np.int64)
    for k, pattern in enumerate(patterns):
        outcomes[k] = unpack_pattern(pattern, areas, thresholds)
    labels, codes = rows["label"].astype(np.int64), rows["code"].astype(np.int64)
    scores = np.ascontiguousarray(rows["score"])
    keys, values = sortable(scores)
    positives = _positives(truths, len(classes), areas)
    columns = Columns(
        label=labels,
        scores=keys,
        rank=rows["rank"].astype(np.int64),
        code=codes,
        outcomes=outcomes,
        positives=positives,
        max_detections=np.array(settings.max_detections, dtype=np.int64),
    )
    found = curves_of(engine, columns)
    curves = replace(found, scores=restored(found.scores, values))
    detections, giou, giou_pairs, bce, bce_count, not_probability = sums
    precision, recall = average_precision(curves, settings), average_recall(curves, settings)
    total = int(positives[:, 0].sum())
    at = outcomes[:, 0, operating_threshold(settings)][codes].astype(np.int8)
    return Report(
        settings=settings,
        statistics=statistics(precision, recall, settings),
        classes=class_reports(
            curves, classes, settings, positives[:, 0], np.bincount(labels, minlength=len(classes))
        ),
        operating_point=_operating_point(engine, settings, scores, at, total),
        losses=MeanLosses(
            giou=giou / FIXED_POINT / giou_pairs if giou_pairs else None,
            bce=bce / FIXED_POINT / bce_count if bce_count and not not_probability else None,
        ),
        images=images,
        positives=total,
        detections=detections,
        curves=curves,
        average_precision=precision,
        average_recall=recall,
    )


def _positives(truths: NDArray[np.void], classes: int, areas: int) -> NDArray[np.int64]:
    """Return the ground truths that count, by class and area range."""
    counted = truths["counted"]
    columns = [
        np.bincount(truths["label"][(counted >> np.uint32(a)) & 1 == 1], minlength=classes)
        for a in range(areas)
    ]
    return np.stack(columns, axis=1).astype(np.int64)


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
