"""Images that wait to be counted: each once, whatever the number of its slices."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import rows_of
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.encoding import Encoded
from boxgauge.engine.online.sums import sums_of
from boxgauge.engine.online.worst import entries_of, entry_bytes, worst_of
from boxgauge.engine.sketch.grouped import ROW_BYTES, TABLE_BYTES, GroupedRows, Tallied, narrow

Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A batch of images, and the cells that they are to be counted in.

    Attributes:
        batch: The images.
        images: Position of an image, for each cell that it is in, int64 [m].
        cells: Number of that cell, int64 [m].
    """

    batch: Encoded
    images: Int64
    cells: Int64

    @classmethod
    def joined(cls, parts: "Sequence[Waiting]") -> "Waiting":
        """Return at least one batch as one, in order."""
        sizes = [len(each.batch.counts) for each in parts]
        first = np.cumsum(sizes) - sizes
        return cls(
            Encoded.joined([each.batch for each in parts]),
            np.concatenate([each.images + k for each, k in zip(parts, first, strict=True)]),
            np.concatenate([each.cells for each in parts]),
        )

    def of_cells(self, numbers: Collection[int]) -> "Waiting":
        """Return what waits for some cells alone; the images are still all there."""
        kept = np.isin(self.cells, list(numbers))
        return Waiting(self.batch, self.images[kept], self.cells[kept])

    def without(self, numbers: Collection[int]) -> "Waiting":
        """Return what waits for all other cells; the images are still all there."""
        kept = np.isin(self.cells, list(numbers), invert=True)
        return Waiting(self.batch, self.images[kept], self.cells[kept])

    def counted(self, classes: int) -> dict[int, Cell]:
        """Return the images as a cell each, by its number."""
        if not len(self.cells):
            return {}
        batch, order = self.batch, np.argsort(self.cells, kind="stable")
        images, cells = self.images[order], self.cells[order]
        starts = np.flatnonzero(np.append(True, cells[1:] != cells[:-1]))
        rows = _tables(batch.ids, batch.counts, images, starts)
        truths = _tables(batch.truth_ids, batch.truth_counts, images, starts)
        sums = sums_of(batch.columns, images, starts)
        ends = np.append(starts[1:], len(images)).tolist()
        columns = batch.columns
        entries = entries_of(batch.image_ids, columns.errors, columns.first_loss)
        members = images.tolist()
        levels = np.zeros(classes, np.uint8)
        found = {}
        for k, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
            found[int(cells[start])] = Cell(
                (GroupedRows(rows[k], levels).fitted(),) if len(rows[k]) else (),
                (truths[k],) if len(truths[k]) else (),
                sums[k],
                worst_of([entries[each] for each in members[start:end]]),
            )
        return found

    def most_bytes(self, classes: int) -> int:
        """Return the bytes that the batch takes, and that counting it adds to cells at most."""
        batch = self.batch
        entries = np.array([entry_bytes(each) for each in batch.image_ids], np.int64)
        tables = 2 * TABLE_BYTES + classes
        added = ROW_BYTES * (batch.counts + batch.truth_counts) + entries + tables
        own = batch.nbytes + self.images.nbytes + self.cells.nbytes + int(entries.sum())
        return own + int(added[self.images].sum())


def _tables(ids: UInt64, counts: Int64, images: Int64, starts: Int64) -> list[Tallied]:
    """Return how often each id occurs in each run of images."""
    gathered = ids[rows_of(counts, images)]
    upto = np.append(0, np.cumsum(counts[images]))
    bounds = upto[np.append(starts, len(images))]
    for start, end in pairwise(bounds.tolist()):
        gathered[start:end].sort()
    is_first = np.append(True, gathered[1:] != gathered[:-1])[: len(gathered)]
    is_first[bounds[:-1][bounds[:-1] < len(gathered)]] = True
    firsts = np.flatnonzero(is_first)
    times = narrow(np.diff(firsts, append=len(gathered)))
    found = gathered[firsts]
    ends = np.searchsorted(firsts, bounds).tolist()
    # Copies: a slice would keep all of the batch alive.
    return [Tallied(found[a:b].copy(), times[a:b].copy()) for a, b in pairwise(ends)]
