"""All images that wait to be counted in the cells of a store."""

from collections import Counter

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.numbered import Numbered
from boxgauge.engine.online.waiting import Waiting

# So many detections, or images in cells, may wait.
_DETECTIONS, _PLACES = 32_768, 4096


class WaitingList:
    """Batches of images in the order in which they came.

    Args:
        classes: How many.

    Attributes:
        nbytes: Bytes that they take, and that counting them will add to cells at most.
    """

    def __init__(self, classes: int) -> None:
        self.nbytes = 0
        self._classes = classes
        self._batches: list[Waiting] = []
        self._images: Counter[int] = Counter()
        self._detections = 0

    @property
    def batches(self) -> tuple[Waiting, ...]:
        """The batches; later changes leave them alone."""
        return tuple(self._batches)

    @property
    def is_full(self) -> bool:
        """Say whether it is time to count them."""
        return self._detections > _DETECTIONS or self._images.total() > _PLACES

    def add(self, batch: Waiting) -> None:
        """Add a batch."""
        self._batches.append(batch)
        self._images.update(batch.cells.tolist())
        self._detections += len(batch.batch.ids)
        self.nbytes += batch.most_bytes(self._classes)

    def images_of(self, held: Numbered) -> int:
        """Return how many images a cell has with those that wait for it."""
        return held.cell.images + self._images[held.number]

    def is_awaited(self, number: int) -> bool:
        """Say whether an image waits for a cell."""
        return number in self._images

    def take(self) -> dict[int, Cell]:
        """Return all images, counted, by the number of their cell; none waits any more."""
        counted = Waiting.joined(self._batches).counted(self._classes) if self._batches else {}
        self._batches, self._detections, self.nbytes = [], 0, 0
        self._images.clear()
        return counted
