"""All images that wait to be counted in the cells of a store."""

from collections import Counter
from collections.abc import Collection

import numpy as np

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.numbered import Numbered
from boxgauge.engine.online.waiting import Waiting

# With so many detections, or images in cells, it is time to count them: at least so many images
# in cells with each batch that comes, and half as many again as the batch has. So all of them
# are counted before there are as many new ones.
_DETECTIONS, _PLACES = 16_384, 2048
_STEP = 64


class WaitingList:
    """Batches of images in the order in which they came.

    When it is full, it is counted in steps: so no call takes long.

    Args:
        classes: How many.

    Attributes:
        nbytes: Bytes that they take, and that counting them will add to cells at most.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._batches: list[Waiting] = []
        self._images: Counter[int] = Counter()
        self._detections, self._places, self._bytes = 0, 0, 0
        # What is being counted, by cell; and how much of it at a time.
        self._leaving: Waiting | None = None
        self._leaving_bytes, self._step = 0, _STEP

    @property
    def nbytes(self) -> int:
        """Bytes that they take, and that counting them will add to cells at most."""
        return self._bytes + self._leaving_bytes

    @property
    def batches(self) -> tuple[Waiting, ...]:
        """The batches; later changes leave them alone."""
        return (*((self._leaving,) if self._leaving else ()), *self._batches)

    @property
    def awaited(self) -> Collection[int]:
        """The cells that images wait for, by number."""
        return self._images.keys()

    @property
    def is_full(self) -> bool:
        """Say whether it is time to count them."""
        return self._detections > _DETECTIONS or self._places > _PLACES

    def add(self, batch: Waiting) -> None:
        """Add a batch."""
        self._batches.append(batch)
        self._images.update(batch.cells.tolist())
        self._detections += len(batch.batch.ids)
        self._places += len(batch.cells)
        self._step = max(_STEP, len(batch.cells) * 3 // 2)
        self._bytes += batch.most_bytes(self._classes)

    def images_of(self, held: Numbered) -> int:
        """Return how many images a cell has with those that wait for it."""
        return held.cell.images + self._images[held.number]

    def is_awaited(self, number: int) -> bool:
        """Say whether an image waits for a cell."""
        return number in self._images

    def step(self) -> dict[int, Cell]:
        """Return some of the images, counted, by the number of their cell, if it is time."""
        if self._leaving is None and self.is_full:
            self._begin()
        return self._next(self._step)

    def take(self) -> dict[int, Cell]:
        """Return all images, counted; none waits any more."""
        self._begin()
        return self._next(self._images.total())

    def take_of(self, numbers: Collection[int]) -> dict[int, Cell]:
        """Return the images that wait for some cells, counted."""
        wanted = [each for each in numbers if each in self._images]
        if not wanted:
            return {}
        counted = Waiting.joined([each.of_cells(wanted) for each in self.batches])
        self._leaving = self._leaving and self._leaving.without(wanted)
        self._batches = [each.without(wanted) for each in self._batches]
        for number in wanted:
            del self._images[number]
        return counted.counted(self._classes)

    def _begin(self) -> None:
        """Let all that waits leave, cell by cell."""
        if not self.batches:
            return
        leaving = Waiting.joined(self.batches)
        order = np.argsort(leaving.cells, kind="stable")
        self._leaving = Waiting(leaving.batch, leaving.images[order], leaving.cells[order])
        self._leaving_bytes, self._bytes = self.nbytes, 0
        self._batches, self._detections, self._places = [], 0, 0

    def _next(self, most: int) -> dict[int, Cell]:
        """Return the next so many images in cells that leave, and those of the same cell."""
        leaving = self._leaving
        if leaving is None:
            return {}
        cells = leaving.cells
        end = int(np.searchsorted(cells, cells[:most][-1:], "right").max(initial=0))
        counted = Waiting(leaving.batch, leaving.images[:end], cells[:end])
        self._leaving = Waiting(leaving.batch, leaving.images[end:], cells[end:])
        if end == len(cells):
            self._leaving, self._leaving_bytes = None, 0
        self._images.subtract(counted.cells.tolist())
        found = counted.counted(self._classes)
        for number in found:
            if not self._images[number]:
                del self._images[number]
        return found
