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
        return self.sums([[self, other]], bins)[0]

    @classmethod
    def sums(
        cls, groups: "Sequence[Sequence[PredictionCell]]", bins: PredictionBins
    ) -> "list[PredictionCell]":
        """Return the sum of each group; what is joined of all of them is joined in one go."""
        tables = [
            sorted((table for cell in group for table in cell.tables), key=lambda each: -len(each))
            for group in groups
        ]
        while crowded := [each for each in tables if _is_crowded(each)]:
            pairs = [each[-2:] for each in crowded]
            for each, total in zip(
                crowded, SparseCounts.totals(pairs, bins.places, bins.dtype), strict=True
            ):
                each[-2:] = [total]
        images = [sum(cell.images for cell in group) for group in groups]
        return [cls(a, tuple(b)) for a, b in zip(images, tables, strict=True)]

    @classmethod
    def joined(
        cls, groups: "Sequence[Sequence[PredictionCell]]", bins: PredictionBins
    ) -> "list[PredictionCell]":
        """Return the sum of each group of at least one cell, in one table."""
        tables = [[table for cell in group for table in cell.tables] for group in groups]
        images = [sum(cell.images for cell in group) for group in groups]
        totals = SparseCounts.totals(tables, bins.places, bins.dtype)
        return [cls(a, (b,)) for a, b in zip(images, totals, strict=True)]

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


def _is_crowded(tables: list[SparseCounts]) -> bool:
    return len(tables) > 1 and len(tables[-2]) < _SHARE * len(tables[-1])
