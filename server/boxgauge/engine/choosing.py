"""Who chooses when: detections in the order of matching, by cell and falling score."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sortable import sortable

Int64 = NDArray[np.int64]


def choosing(cell: Int64, scores: NDArray[np.float64], cells: int) -> tuple[Int64, Int64]:
    """Return the order in which detections choose a ground truth, and the rank of each.

    Cell, score and position make one integer key, since numpy sorts those several times as
    fast as it sorts stably. cells · d² < 2^63.

    Args:
        cell: Cell of each detection, from 0.
        scores: Confidence; NaN comes last.
        cells: How many cells there are.

    Returns:
        Rows by cell, then falling score, then position, int64 [d]; and the place of each row
        in its cell, int64 [d].
    """
    n = len(cell)
    falling = -sortable(scores)[0]
    by_score = np.argsort(falling)
    falling = falling[by_score]
    # Equal scores share a place, so that the position decides between them.
    place = np.zeros(n, dtype=np.int64)
    place[by_score[1:]] = np.cumsum(falling[1:] != falling[:-1])
    order = np.argsort((cell * n + place) * n + np.arange(n, dtype=np.int64))
    counts = np.bincount(cell, minlength=cells)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n, dtype=np.int64) - first
    return order, rank
