"""Predictions that wait to be counted: each image once, whatever the number of its slices."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.matches import rows_of
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.prediction_bins import Int64, PredictionBins, Unsigned
from boxgauge.engine.online.prediction_cell import CELL_BYTES, TABLE_BYTES, PredictionCell
from boxgauge.engine.online.ring import Bucket, Edges, buckets_of
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.online.store import ALL

# A slice and its bucket.
Place = tuple[str, Bucket]
# What images that are in the same cells have in common.
Lot = tuple[Place, ...]

# So many detections, or images in cells, may wait to be counted; and so many lots, which take
# some 50 microseconds each however few images they have: all others wait for that.
_WAITING_DETECTIONS, _WAITING_PLACES, _WAITING_LOTS = 2**15, 2**13, 2**8
# So many numbers at most are counted in one go.
_COUNTED_AT_ONCE = 2**22


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

    def total(self, bins: PredictionBins) -> SparseCounts:
        """Return the counts of all images together."""
        return SparseCounts.of((self.of_box.ravel(), self.of_image), bins.places, bins.dtype)

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
            sizes = (ends - starts)[first:last]
            images = order[starts[first] : ends[last - 1]]
            begin = np.repeat(np.arange(last - first), sizes) * width
            counts = self.counts[images]
            of_box = self.of_box[rows_of(self.counts, images)] + np.repeat(begin, counts)[:, None]
            places = np.concatenate([of_box.ravel(), self.of_image[images] + begin])
            tables = SparseCounts.of_groups(places, last - first, bins.places, bins.dtype)
            for number, size, table in zip(
                numbers[first:last].tolist(), sizes.tolist(), tables, strict=True
            ):
                found[number] = PredictionCell(size, (table,))
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


def lots_of(facts: ImageFacts, edges: Edges) -> tuple[list[Lot], int]:
    """Return the lot of each image, and how many images are in no bucket."""
    lots, left_out = list[Lot](), 0
    known = dict[tuple[Bucket | None, tuple[str, ...]], Lot]()
    for bucket, names in zip(buckets_of(edges, facts.times_us), facts.slices, strict=True):
        left_out += bucket is None
        key = bucket, names
        if key not in known:
            slices = () if bucket is None else (ALL, *names)
            known[key] = tuple((name, bucket) for name in slices if bucket is not None)
        lots.append(known[key])
    return lots, left_out


def numbered(lots: Iterable[Lot], numbers: dict[Lot, int]) -> Int64:
    """Return the number of each lot; new ones get the next ones."""
    return np.array([numbers.setdefault(each, len(numbers)) for each in lots], np.int64)


def by_place(
    waiting: WaitingPredictions, numbers: Mapping[Lot, int], bins: PredictionBins
) -> dict[Place, PredictionCell]:
    """Return what waits, counted, by place."""
    lots = {number: lot for lot, number in numbers.items()}
    found: dict[Place, list[PredictionCell]] = {}
    for number, cell in waiting.counted(bins).items():
        for place in lots[number]:
            found.setdefault(place, []).append(cell)
    return dict(zip(found, PredictionCell.joined([*found.values()], bins), strict=True))


class WaitingLots:
    """What waits, by lots.

    Attributes:
        batches: In the order in which they came.
        images: How many wait for each place.
        nbytes: That they take, and that counting them adds to cells at most.
    """

    def __init__(self, bins: PredictionBins) -> None:
        self._bins = bins
        self.clear()

    def clear(self) -> None:
        """Let nothing wait."""
        self.batches: list[WaitingPredictions] = []
        self.images: Counter[Place] = Counter()
        self.nbytes = 0
        self._detections = self._in_places = 0
        self._numbers: dict[Lot, int] = {}

    def add(self, batch: WaitingPredictions, lots: Sequence[Lot], most_bytes: int) -> None:
        """Let images wait."""
        self.batches.append(replace(batch, lots=numbered(lots, self._numbers)))
        for lot, images in Counter(lots).items():
            for place in lot:
                self.images[place] += images
                self._in_places += images
        self._detections += len(batch.of_box)
        self.nbytes += most_bytes

    @property
    def buckets(self) -> set[Bucket]:
        """The buckets that images wait for."""
        return {bucket for _, bucket in self.images}

    @property
    def is_full(self) -> bool:
        """Whether so much waits that it is time to count."""
        return (
            self._detections > _WAITING_DETECTIONS
            or self._in_places > _WAITING_PLACES
            or len(self._numbers) > _WAITING_LOTS
        )

    def lots_in(self, places: Collection[Place]) -> frozenset[int]:
        """Return the numbers of the lots that are in any of these places."""
        wanted = set(places)
        return frozenset(k for lot, k in self._numbers.items() if not wanted.isdisjoint(lot))

    def take(self) -> dict[Place, PredictionCell]:
        """Return what waits, counted, by place; then nothing waits."""
        if not self.batches:
            return {}
        found = by_place(WaitingPredictions.joined(self.batches), self._numbers, self._bins)
        self.clear()
        return found
