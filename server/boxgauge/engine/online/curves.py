"""All curves of a window: bounds on them, and what they are without each group."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.ahead import run_ahead
from boxgauge.engine.engine import Engine
from boxgauge.engine.online.jackknife import LeftOut, joined_left_out, left_out_of
from boxgauge.engine.sketch.bounds import CertifiedCurves, PartBounds, bounds_of, joined_bounds
from boxgauge.engine.sketch.ordered import OrderedRows
from boxgauge.engine.sketch.parts import Part, Where, parts_of

_FEW_ROWS = 2**15


@dataclass(frozen=True, slots=True, eq=False)
class WindowCurves:
    """What follows from the rows of a window.

    Attributes:
        bounds: Of the precision; the two are equal where each bin holds one detection.
        left_out: Without each group that has images.
    """

    bounds: CertifiedCurves
    left_out: LeftOut


def window_curves(
    engine: Engine,
    rows: OrderedRows,
    positives_by_group: NDArray[np.int64],
    occupied: NDArray[np.bool_],
    maxima: int,
) -> WindowCurves:
    """Return all curves.

    Args:
        engine: Holds the graphs.
        rows: Of all classes.
        positives_by_group: Ground truths to be found, [groups, classes, areas].
        occupied: Which groups have images, [groups].
        maxima: How many there are.
    """
    positives = positives_by_group.sum(axis=0)

    def both(part: Part) -> tuple[Where, PartBounds, LeftOut]:
        bounds = bounds_of(engine, part, positives, part.found(maxima))
        left_out = left_out_of(engine, part, positives_by_group, occupied, maxima)
        return part.where, bounds, left_out

    # Of few rows most is Python's, of which only one thread runs at a time.
    workers = engine.workers if len(rows) > _FEW_ROWS else 1
    of_parts = [*run_ahead(both, parts_of(rows, len(positives)), workers)]
    return WindowCurves(
        joined_bounds([(where, bounds) for where, bounds, _ in of_parts], positives),
        joined_left_out([(where, left_out) for where, _, left_out in of_parts]),
    )
