"""Detections by class and falling score: what every curve follows from, kept in any way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OrderedRows:
    """Rows of detections, by class, then by falling score.

    Attributes:
        label: Class of each row, from 0, ascending, [n].
        place: Its bin: rises by 1 with each new class or bin, [n]. The order of detections
            within a bin is not known.
        code: Row of ``outcomes``, [n].
        counts: Detections, at least 1, [n].
        bucket: How many of the maxima leave them out, [n].
        group: Group of images of the jackknife, [n].
        outcomes: Distinct outcomes, int64 [p, areas, thresholds], at least one:
            0 false positive, 1 true positive, 2 ignored.
    """

    label: Int64
    place: Int64
    code: Int64
    counts: Int64
    bucket: Int64
    group: Int64
    outcomes: Int64

    def __len__(self) -> int:
        return len(self.label)

    def of(self, rows: slice, first_class: int) -> "OrderedRows":
        """Return the rows of whole classes, the first of which becomes class 0."""
        return OrderedRows(
            self.label[rows] - first_class,
            self.place[rows],
            self.code[rows],
            self.counts[rows],
            self.bucket[rows],
            self.group[rows],
            self.outcomes,
        )
