"""Curves of a tally by the report graph, in as many runs as memory asks for."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.report import Curves
from boxgauge.engine.settings import RECALL_GRID

REPORT = "report"

# What one run may hold, over maxima, area ranges and thresholds: true positives and rows
# that differ between thresholds (some 80 bytes each), and places for them (some 9).
MAX_HITS = 2**23
MAX_PLACES = 2**26
# Running counts of all detections, over maxima and area ranges (16 bytes each).
MAX_COUNTS = 2**25

_TRUE_POSITIVE, _IGNORED = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the report graph takes: see `boxgauge.metrics.report`, its kernel.

    Attributes:
        label: Class of each detection, int64 [n].
        scores: What sorts as the scores do, float64 [n].
        rank: Place in its image and class, int64 [n].
        code: Row of ``outcomes``, int64 [n].
        outcomes: Distinct outcomes, int64 [p, areas, thresholds].
        positives: Ground truths to be found, int64 [classes, areas].
        max_detections: int64 [maxima].
    """

    label: NDArray[np.int64]
    scores: NDArray[np.float64]
    rank: NDArray[np.int64]
    code: NDArray[np.int64]
    outcomes: NDArray[np.int64]
    positives: NDArray[np.int64]
    max_detections: NDArray[np.int64]


def curves(engine: Engine, columns: Columns) -> Curves:
    """Return the curves, those of each maximum, area range and threshold being independent."""
    for split, (long, short) in (
        (_split_maxima, (4, 3)),
        (_split_areas, (3, 2)),
        (_split_thresholds, (0, 0)),
    ):
        halves = split(columns) if _is_too_much(columns) else ()
        if halves:
            a, b = (curves(engine, half) for half in halves)
            return Curves(
                np.concatenate([a.precision, b.precision], axis=long),
                np.concatenate([a.recall, b.recall], axis=short),
                np.concatenate([a.scores, b.scores], axis=long),
            )
    inputs = {name: getattr(columns, name) for name in Columns.__slots__}
    found = engine.run(REPORT, inputs | {"recall_points": RECALL_GRID})
    return Curves(found["precision"], found["recall"], found["scores_at"])


def _is_too_much(columns: Columns) -> bool:
    _, areas, thresholds = columns.outcomes.shape
    maxima = len(columns.max_detections)
    if maxima * areas * len(columns.label) > MAX_COUNTS:
        return True
    ignored = columns.outcomes == _IGNORED
    hits = (columns.outcomes == _TRUE_POSITIVE) | (ignored != ignored[:, :, -1:])
    of_pattern = hits.sum(axis=(1, 2))
    times = np.bincount(columns.code, minlength=len(of_pattern))
    places = int(times[of_pattern > 0].sum()) * areas * thresholds
    return maxima * int(times @ of_pattern) > MAX_HITS or maxima * places > MAX_PLACES


def _split_maxima(columns: Columns) -> tuple[Columns, ...]:
    halves = _halves(len(columns.max_detections))
    return tuple(replace(columns, max_detections=columns.max_detections[h]) for h in halves)


def _split_areas(columns: Columns) -> tuple[Columns, ...]:
    return tuple(
        replace(columns, outcomes=columns.outcomes[:, half], positives=columns.positives[:, half])
        for half in _halves(columns.outcomes.shape[1])
    )


def _split_thresholds(columns: Columns) -> tuple[Columns, ...]:
    halves = _halves(columns.outcomes.shape[2])
    return tuple(replace(columns, outcomes=columns.outcomes[:, :, h]) for h in halves)


def _halves(length: int) -> tuple[slice, ...]:
    return (slice(0, length // 2), slice(length // 2, length)) if length > 1 else ()
