"""Predictions of one slice and bucket, counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from boxgauge.engine.online.prediction_bins import PredictionBins
from boxgauge.engine.online.sparse_counts import SparseCounts

# A table is joined to the one before it that is less than so many times as long.
_SHARE = 2
# Objects, and arrays beside their contents.
CELL_BYTES, TABLE_BYTES = 300, 250


@dataclass(frozen=True, eq=False)
class PredictionCell:
    """What is kept of one slice and bucket; never changed.

    Attributes:
        images: How many were counted.
        tables: Counts that are to be added up; each is at least twice as long as the next.
    """

    images: int = 0
    tables: tuple[SparseCounts, ...] = ()

    def plus(self, other: "PredictionCell", bins: PredictionBins) -> "PredictionCell":
        """Return the sum; tables are joined where that is cheap."""
        tables = sorted((*self.tables, *other.tables), key=lambda each: -len(each.places))
        while len(tables) > 1 and len(tables[-2].places) < _SHARE * len(tables[-1].places):
            tables[-2:] = [SparseCounts.total(tables[-2:], bins.places, bins.dtype)]
        return PredictionCell(self.images + other.images, tuple(tables))

    @classmethod
    def joined(cls, cells: "Sequence[PredictionCell]", bins: PredictionBins) -> "PredictionCell":
        """Return the sum of at least one cell, in one table."""
        tables = [table for cell in cells for table in cell.tables]
        total = SparseCounts.total(tables, bins.places, bins.dtype)
        return cls(sum(each.images for each in cells), (total,))

    def minus(self, taken: "PredictionCell", bins: PredictionBins) -> "PredictionCell | None":
        """Return the difference; None where there is not as much here."""
        ours, theirs = (
            SparseCounts.total(each.tables, bins.places, bins.dtype) for each in (self, taken)
        )
        left = ours.minus(theirs)
        return None if left is None else PredictionCell(self.images - taken.images, (left,))

    @cached_property
    def nbytes(self) -> int:
        """Bytes that it takes; joining never makes it more."""
        return CELL_BYTES + sum(TABLE_BYTES + each.nbytes for each in self.tables)
