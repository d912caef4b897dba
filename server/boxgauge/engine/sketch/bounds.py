"""Bounds on the curves of a sketch by the graph, in as many runs as memory asks for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.ahead import run_ahead
from boxgauge.engine.engine import Engine
from boxgauge.engine.settings import RECALL_GRID
from boxgauge.engine.sketch.events import Events
from boxgauge.engine.sketch.ordered import OrderedRows
from boxgauge.engine.sketch.parts import Part, Where, parts_of

CERTIFIED_REPORT = "certified_report"

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CertifiedCurves:
    """Bounds on pycocotools' own arrays, -1 where undefined.

    Attributes:
        low: Lowest precision at each recall point with the last maximum, which alone is asked
            for, float64 [T, R, K, A, 1].
        high: Highest precision, likewise.
        recall: float64 [T, K, A, M]; exact.
    """

    low: Float64
    high: Float64
    recall: Float64


@dataclass(frozen=True, slots=True, eq=False)
class PartBounds:
    """Bounds on the curves of one part.

    Attributes:
        low: [areas, T, R, classes]
        high: Likewise.
        recall: [areas, M, T, classes]
    """

    low: Float64
    high: Float64
    recall: Float64


def certified_curves(
    engine: Engine, rows: OrderedRows, positives: Int64, maxima: int
) -> CertifiedCurves:
    """Return the bounds on all curves.

    Args:
        engine: Holds the graph.
        rows: All of them.
        positives: Ground truths to be found, [classes, areas].
        maxima: How many there are.
    """

    def bounds(part: Part) -> tuple[Where, PartBounds]:
        return part.where, bounds_of(engine, part, positives, part.found(maxima))

    parts = parts_of(rows, len(positives))
    return joined_bounds([*run_ahead(bounds, parts, engine.workers)], positives)


def bounds_of(engine: Engine, part: Part, positives: Int64, found: Int64) -> PartBounds:
    """Return the bounds of one part.

    Args:
        engine: Holds the graph.
        part: Whole classes.
        positives: Ground truths to be found, [classes, areas].
        found: True positives of each curve, [maxima, curves].
    """
    areas, thresholds, classes = part.curves
    events = Events.of(part.rows, part.hits, classes)
    of_curve = part.positives(positives)
    inputs = {name: getattr(events, name) for name in Events.__slots__ if name != "row"}
    curves = engine.run(
        CERTIFIED_REPORT, inputs | {"positives": of_curve, "recall_points": RECALL_GRID}
    )
    low, high = (
        curves[name].reshape(-1, areas, thresholds, classes).transpose(1, 2, 0, 3)
        for name in ("low", "high")
    )
    recall = np.where(of_curve > 0, found / np.maximum(of_curve, 1), -1.0)
    axes = (len(found), areas, thresholds, classes)
    return PartBounds(low, high, recall.reshape(axes).swapaxes(0, 1))


def joined_bounds(found: list[tuple[Where, PartBounds]], positives: Int64) -> CertifiedCurves:
    """Return the bounds of all parts as one."""
    classes, areas = positives.shape
    _, maxima, thresholds, _ = found[0][1].recall.shape
    # What is averaged together lies together; the views have the axes of a report.
    low, high = np.empty((2, areas, thresholds, len(RECALL_GRID), classes))
    recall = np.empty((areas, maxima, thresholds, classes))
    for where, of_part in found:
        at = where.areas, slice(None), slice(None), where.classes
        low[at], high[at], recall[at] = of_part.low, of_part.high, of_part.recall
    return CertifiedCurves(
        low.transpose(1, 2, 3, 0)[..., None],
        high.transpose(1, 2, 3, 0)[..., None],
        recall.transpose(2, 3, 0, 1),
    )
