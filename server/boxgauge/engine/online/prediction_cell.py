"""Predictions of one slice and bucket, and those that wait to be counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from boxgauge.engine.matches import rows_of
from boxgauge.engine.online.prediction_bins import Int64, PredictionBins, Unsigned
from boxgauge.engine.online.sparse_counts import SparseCounts

# A table is joined to the one before it that is less than so many times as long.
_SHARE = 2
# Objects, and arrays beside their contents.
CELL_BYTES, TABLE_BYTES = 300, 250
# So many numbers at most are counted in one go.
_COUNTED_AT_ONCE = 2**22


@dataclass(frozen=True, slots=True, eq=False)
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

    @property
    def nbytes(self) -> int:
        """Bytes that it takes; joining never makes it more."""
        return CELL_BYTES + sum(TABLE_BYTES + each.nbytes for each in self.tables)


@dataclass(frozen=True, slots=True, eq=False)
class WaitingPredictions:
    """Images that are to be counted, each in one lot; the images of a lot are in the same cells.

    Attributes:
        counts: Detections of each image, int64 [images].
        of_box: As `PredictionBins.places_of` has it.
        of_image: Likewise.
        lots: Number of each image's lot, int64 [images].
    """

    counts: Int64
    of_box: Unsigned
    of_image: Unsigned
    lots: Int64

    @classmethod
    def joined(cls, parts: "Sequence[WaitingPredictions]") -> "WaitingPredictions":
        """Return at least one batch as one, in order."""
        return cls(
            np.concatenate([each.counts for each in parts]),
            np.concatenate([each.of_box for each in parts]),
            np.concatenate([each.of_image for each in parts]),
            np.concatenate([each.lots for each in parts]),
        )

    def of_lots(self, numbers: Collection[int]) -> "WaitingPredictions":
        """Return the images of some lots alone."""
        images = np.flatnonzero(np.isin(self.lots, list(numbers)))
        rows = rows_of(self.counts, images)
        return WaitingPredictions(
            self.counts[images], self.of_box[rows], self.of_image[images], self.lots[images]
        )

    def counted(self, bins: PredictionBins) -> dict[int, PredictionCell]:
        """Return the images of each lot as a cell, by the lot's number."""
        order = np.argsort(self.lots, kind="stable")
        numbers, starts = np.unique(self.lots[order], return_index=True)
        ends = np.append(starts[1:], len(order))
        # One place more, which stands for none.
        width = bins.places + 1
        step = max(_COUNTED_AT_ONCE // width, 1)
        found = {}
        for first in range(0, len(numbers), step):
            last = min(first + step, len(numbers))
            images = order[starts[first] : ends[last - 1]]
            begin = np.repeat(np.arange(last - first), (ends - starts)[first:last]) * width
            counts = self.counts[images]
            keys = np.empty((int(counts.sum()), self.of_box.shape[1]), np.int64)
            np.add(
                self.of_box[rows_of(self.counts, images)],
                np.repeat(begin, counts)[:, None],
                out=keys,
            )
            dense = np.bincount(keys.ravel(), minlength=(last - first) * width)
            dense += np.bincount(self.of_image[images] + begin, minlength=len(dense))
            for k, row in enumerate(dense.reshape(-1, width)):
                table = SparseCounts.from_dense(row[:-1], bins.dtype)
                size = int(ends[first + k] - starts[first + k])
                found[int(numbers[first + k])] = PredictionCell(size, (table,))
        return found

    def most_bytes(self, times: Int64) -> int:
        """Return the bytes that the batch takes, and that counting it adds to cells at most.

        Args:
            times: In how many cells each image is.
        """
        arrays = (self.counts, self.of_box, self.of_image, self.lots)
        places = self.of_box.shape[1] * self.counts + 1
        # A place and, as `SparseCounts.nbytes` has it, 4 bytes for its count.
        added = places * (self.of_box.itemsize + 4) + CELL_BYTES + TABLE_BYTES
        return sum(each.nbytes for each in arrays) + int((added * times).sum())
