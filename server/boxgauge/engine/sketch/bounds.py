"""Bounds on the curves of a sketch by the graph, in as many runs as memory asks for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.class_groups import class_groups
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import unpack_patterns
from boxgauge.engine.settings import RECALL_GRID, EvaluationSettings
from boxgauge.engine.sketch.rows import SketchRows, bucket_of, code_of, key_of, label_of

CERTIFIED_REPORT = "certified_report"

# Counts of one run, over rows, maxima, area ranges and thresholds: some 50 bytes each.
MAX_COUNTS = 2**21

_TRUE_POSITIVE = 1

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedCurves:
    """Bounds on pycocotools' own arrays, -1 where undefined.

    Attributes:
        low: Lowest precision at each recall point, float64 [T, R, K, A, M].
        high: Highest precision, likewise.
        recall: float64 [T, K, A, M]; exact.
    """

    low: Float64
    high: Float64
    recall: Float64


@dataclass(frozen=True, slots=True, eq=False)
class BinColumns:
    """What the graph takes: see `boxgauge.metrics.certified`, its kernel."""

    label: Int64
    score_bin: Int64
    code: Int64
    counts: Int64
    outcomes: Int64
    positives: Int64

    @classmethod
    def of(
        cls,
        rows: SketchRows,
        patterns: tuple[bytes, ...],
        positives: Int64,
        settings: EvaluationSettings,
    ) -> "BinColumns":
        """Return the columns, bins without true positives as one between those that have some.

        What matters of such a bin is only how many came before the next true positive. Most
        bins have none.
        """
        counted = rows.counts > 0
        ids, counts = rows.ids[counted], rows.counts[counted]
        label, key, code = label_of(ids), key_of(ids), code_of(ids)
        # A spare pattern, so that there is one even without detections.
        outcomes = unpack_patterns(
            patterns or (b"",), len(settings.areas), len(settings.iou_thresholds)
        )
        begins = np.append(True, (label[1:] != label[:-1]) | (key[1:] != key[:-1]))[: len(ids)]
        place = np.cumsum(begins) - 1
        is_hit = (outcomes == _TRUE_POSITIVE).any(axis=(1, 2))
        has_hit = np.bincount(place, is_hit[code], minlength=len(ids)) > 0
        # Odd numbers are bins with true positives, even ones what lies between them.
        number = 2 * np.cumsum(has_hit)[place] - has_hit[place]

        order = np.lexsort([code, number, label])
        label, number, code = label[order], number[order], code[order]
        changes = (label[1:] != label[:-1]) | (number[1:] != number[:-1]) | (code[1:] != code[:-1])
        first = np.flatnonzero(np.append(True, changes)[: len(ids)])
        maxima = np.arange(len(settings.max_detections))
        within = bucket_of(ids[order])[:, None] <= maxima
        return cls(
            label[first],
            number[first],
            code[first],
            np.add.reduceat(counts[order][:, None] * within, first, axis=0),
            outcomes,
            positives,
        )


def certified_curves(engine: Engine, columns: BinColumns) -> CertifiedCurves:
    """Return the bounds, those of each class, maximum, area range and threshold by itself."""
    classes, areas = columns.positives.shape
    maxima, thresholds = columns.counts.shape[1], columns.outcomes.shape[2]
    axes = (thresholds, len(RECALL_GRID), classes, areas, maxima)
    whole = CertifiedCurves(np.empty(axes), np.empty(axes), np.empty((thresholds, *axes[2:])))
    for k, of_classes in _by_classes(columns):
        for a, m, part in _by_areas_and_maxima(of_classes):
            inputs = {name: getattr(part, name) for name in BinColumns.__slots__}
            found = engine.run(CERTIFIED_REPORT, inputs | {"recall_points": RECALL_GRID})
            whole.low[:, :, k, a, m] = found["low"]
            whole.high[:, :, k, a, m] = found["high"]
            whole.recall[:, k, a, m] = found["recall"]
    return whole


def _by_classes(columns: BinColumns) -> Iterator[tuple[slice, BinColumns]]:
    """Yield whole classes, as many at a time as have few counts together."""
    classes, areas = columns.positives.shape
    a_row = columns.counts.shape[1] * areas * columns.outcomes.shape[2]
    for of_classes, rows in class_groups(columns.label, classes, MAX_COUNTS // a_row):
        yield (
            of_classes,
            replace(
                columns,
                label=columns.label[rows] - of_classes.start,
                score_bin=columns.score_bin[rows],
                code=columns.code[rows],
                counts=columns.counts[rows],
                positives=columns.positives[of_classes],
            ),
        )


def _by_areas_and_maxima(columns: BinColumns) -> Iterator[tuple[slice, slice, BinColumns]]:
    """Yield one area range and maximum at a time where all together would be too much."""
    areas, maxima = columns.positives.shape[1], columns.counts.shape[1]
    if columns.counts.size * areas * columns.outcomes.shape[2] <= MAX_COUNTS:
        yield slice(None), slice(None), columns
        return
    for a, m in np.ndindex(areas, maxima):
        area, maximum = slice(a, a + 1), slice(m, m + 1)
        yield (
            area,
            maximum,
            replace(
                columns,
                counts=columns.counts[:, maximum],
                outcomes=columns.outcomes[:, area],
                positives=columns.positives[:, area],
            ),
        )
