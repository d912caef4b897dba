"""Curves of a tally by the report graph, in as many runs as memory asks for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.ahead import run_ahead
from boxgauge.engine.class_groups import class_groups
from boxgauge.engine.engine import Engine
from boxgauge.engine.report import Curves
from boxgauge.engine.settings import RECALL_GRID

REPORT = "report"

# Detections of one run over whole classes: what is worked on then stays near the cache.
MAX_ROWS = 2**17
# What one run may hold, over maxima, area ranges and thresholds: true positives and rows
# that differ between thresholds (some 120 bytes each), and places for them (some 10).
MAX_HITS = 2**21
MAX_PLACES = 2**25

_TRUE_POSITIVE, _IGNORED = 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the report graph takes: see `boxgauge.metrics.report`, its kernel.

    Attributes:
        label: Class of each detection, in report order: ascending, int64 [n].
        scores: What sorts as the scores do, float64 [n].
        rank: Place in its image and class, [n].
        code: Row of ``outcomes``, [n].
        outcomes: Distinct outcomes, int64 [p, areas, thresholds].
        positives: Ground truths to be found, int64 [classes, areas].
        max_detections: int64 [maxima].
    """

    label: NDArray[np.int64]
    scores: NDArray[np.float64]
    rank: NDArray[np.integer]
    code: NDArray[np.integer]
    outcomes: NDArray[np.int64]
    positives: NDArray[np.int64]
    max_detections: NDArray[np.int64]


def curves(engine: Engine, columns: Columns) -> Curves:
    """Return the curves, those of each class, maximum, area range and threshold by itself."""
    classes, areas = columns.positives.shape
    maxima, thresholds = len(columns.max_detections), columns.outcomes.shape[2]
    points = len(RECALL_GRID)
    whole = Curves(
        np.empty((thresholds, points, classes, areas, maxima)),
        np.empty((thresholds, classes, areas, maxima)),
        np.empty((thresholds, points, classes, areas, maxima)),
    )
    parts = [*_by_classes(columns)]
    curves_of = run_ahead(lambda part: _curves_of(engine, part[1]), parts, engine.workers)
    for (of_classes, _), found in zip(parts, curves_of, strict=True):
        whole.precision[:, :, of_classes] = found.precision
        whole.recall[:, of_classes] = found.recall
        whole.scores[:, :, of_classes] = found.scores
    return whole


def _by_classes(columns: Columns) -> Iterator[tuple[slice, Columns]]:
    """Yield whole classes, as many at a time as have few detections together."""
    for of_classes, rows in class_groups(columns.label, len(columns.positives), MAX_ROWS):
        yield (
            of_classes,
            replace(
                columns,
                label=columns.label[rows] - of_classes.start,
                scores=columns.scores[rows],
                rank=columns.rank[rows].astype(np.int64),
                code=columns.code[rows].astype(np.int64),
                positives=columns.positives[of_classes],
            ),
        )


def _curves_of(engine: Engine, columns: Columns) -> Curves:
    """Return the curves of these classes, in halves where one run would be too much."""
    if not _is_too_much(columns):
        return _run(engine, columns)
    for split, (long, short) in (
        (_split_maxima, (4, 3)),
        (_split_areas, (3, 2)),
        (_split_thresholds, (0, 0)),
    ):
        if halves := split(columns):
            a, b = (_curves_of(engine, half) for half in halves)
            return Curves(
                np.concatenate([a.precision, b.precision], axis=long),
                np.concatenate([a.recall, b.recall], axis=short),
                np.concatenate([a.scores, b.scores], axis=long),
            )
    return _run(engine, columns)


def _run(engine: Engine, columns: Columns) -> Curves:
    inputs = {name: getattr(columns, name) for name in Columns.__slots__}
    found = engine.run(REPORT, inputs | {"recall_points": RECALL_GRID})
    return Curves(found["precision"], found["recall"], found["scores_at"])


def _is_too_much(columns: Columns) -> bool:
    _, areas, thresholds = columns.outcomes.shape
    maxima = len(columns.max_detections)
    ignored = columns.outcomes == _IGNORED
    hits = (columns.outcomes == _TRUE_POSITIVE) | (ignored != ignored[:, :, -1:])
    of_pattern = hits.sum(axis=(1, 2))
    times = np.bincount(columns.code, minlength=len(of_pattern))
    places = int(times[of_pattern > 0].sum()) * areas * thresholds
    return maxima * int(times @ of_pattern) > MAX_HITS or places > MAX_PLACES


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
