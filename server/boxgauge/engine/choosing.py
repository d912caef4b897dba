"""Who chooses when: detections in the order of matching."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.report_order import report_order
from boxgauge.engine.sortable import sortable

Int64 = NDArray[np.int64]


def choosing(cell: Int64, scores: NDArray[np.float64], cells: int) -> tuple[Int64, Int64]:
    """Return the order in which detections choose a ground truth, and the rank of each.

    Args:
        cell: Cell of each detection, from 0.
        scores: Confidence; NaN comes last.
        cells: How many cells there are.

    Returns:
        Rows by cell, then falling score, then position, int64 [d]; and the place of each row
        in its cell, int64 [d].
    """
    order = report_order(cell, sortable(scores)[0])
    counts = np.bincount(cell, minlength=cells)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=np.int64) - first
    return order, rank
