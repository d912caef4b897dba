"""Sums over images of what a store keeps of each, and what a report says of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import FIXED_POINT, SUMS
from boxgauge.engine.online.loss_graphs import LOSS_EDGES, LOSS_NUMBERS
from boxgauge.engine.online.observed import (
    DELAY_ENDS_US,
    MAX_SOURCES,
    OTHER_SOURCE,
    ImageColumns,
)
from boxgauge.engine.online.quality import LabelDelay, LossSummary
from boxgauge.engine.online.window_rows import GROUPS
from boxgauge.engine.sketch.totals import SketchTotals

Int64 = NDArray[np.int64]

_LOW = 0xFFFFFFFF
# Where the parts of the numbers begin: images; true and false positives and scores outside
# [0, 1]; upper and lower parts of the sums and of the delays; then each loss.
_COUNTS, _SUMS, _DELAYS = 1, 4, 4 + 2 * SUMS
_LOSSES = _DELAYS + 2
# And of the counts: images by group, by source and by delay; then each loss.
_SOURCES = GROUPS
_BINS = _SOURCES + MAX_SOURCES + 1
_LOSS_BINS = _BINS + len(DELAY_ENDS_US)


@dataclass(frozen=True, slots=True, eq=False)
class WindowSums:
    """Sums over images, all integers, which add up and can be taken away.

    Attributes:
        numbers: What may be large or below 0, int64; where 64 bits may not hold a sum, its
            upper part and its lower 32 bits.
        counts: By group, source and bin, in as few bytes as hold them.
    """

    numbers: Int64
    counts: NDArray[np.unsignedinteger[Any]]

    @classmethod
    def empty(cls, losses: int) -> "WindowSums":
        """Return the sums over no images."""
        return cls(
            np.zeros(_LOSSES + losses * LOSS_NUMBERS, np.int64),
            np.zeros(_LOSS_BINS + losses * len(LOSS_EDGES), np.uint8),
        )

    def plus(self, other: "WindowSums") -> "WindowSums":
        """Return the sum."""
        counts = self.counts.astype(np.int64) + other.counts
        return WindowSums(self.numbers + other.numbers, _few_bytes(counts))

    def minus(self, other: "WindowSums") -> "WindowSums | None":
        """Return the difference; None where a count would be below 0."""
        counts = self.counts.astype(np.int64) - other.counts
        if int(counts.min()) < 0:
            return None
        left = WindowSums(self.numbers - other.numbers, _few_bytes(counts))
        return left if left.is_possible() else None

    @property
    def images(self) -> int:
        """How many."""
        return int(self.numbers[0])

    @property
    def images_by_group(self) -> Int64:
        """int64 [32]."""
        return self.counts[:_SOURCES].astype(np.int64)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.numbers.nbytes + self.counts.nbytes

    def is_possible(self) -> bool:
        """Say whether no count is below 0; a sum of losses may be."""
        losses = self.numbers[_LOSSES:].reshape(-1, LOSS_NUMBERS)
        return min(int(self.numbers[:_SUMS].min()), int(losses[:, 2:].min(initial=0))) >= 0

    def totals(self, positives: Int64) -> SketchTotals:
        """Return the sums as a sketch has them, which knows the ground truths to be found."""
        tp, fp, outside = self.numbers[_COUNTS:_SUMS].tolist()
        high, low = self.numbers[_SUMS:_DELAYS].reshape(2, SUMS).tolist()
        sums = tuple((h << 32) + each for h, each in zip(high, low, strict=True))
        return SketchTotals(self.images, tp, fp, outside, positives, sums)

    def losses(self, names: tuple[str, ...]) -> tuple[LossSummary, ...]:
        """Return each loss, by the names in their order."""
        numbers = self.numbers[_LOSSES:].reshape(-1, LOSS_NUMBERS).tolist()
        bins = self.counts[_LOSS_BINS:].reshape(-1, len(LOSS_EDGES)).astype(np.int64)
        return tuple(
            LossSummary(
                name,
                count,
                ((high << 32) + low) / FIXED_POINT / count if count else None,
                LOSS_EDGES,
                of_loss,
                not_finite,
            )
            for name, (high, low, count, not_finite), of_loss in zip(
                names, numbers, bins, strict=True
            )
        )

    def sources(self, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """Return the images by source, by the sources' names in the order of their numbers."""
        counts = self.counts[_SOURCES:_BINS].tolist()
        named = [*zip(names, counts, strict=False), (OTHER_SOURCE, counts[MAX_SOURCES])]
        return tuple(sorted((name, count) for name, count in named if count))

    def without_sources(self) -> "WindowSums":
        """Return the sums as if no image had a source, not even an empty one."""
        counts = self.counts.astype(np.int64)
        counts[_SOURCES:_BINS] = 0
        return WindowSums(self.numbers, _few_bytes(counts))

    def with_sources(self, images: dict[int, int]) -> "WindowSums":
        """Return the sums with these images besides, by the number of their source."""
        counts = self.counts.astype(np.int64)
        for number, count in images.items():
            counts[_SOURCES + number] += count
        return WindowSums(self.numbers, _few_bytes(counts))

    def delay(self) -> LabelDelay | None:
        """Return how long labels took; delays beyond the last bin count as its end."""
        bins = self.counts[_BINS:_LOSS_BINS].astype(np.int64)
        upto = np.cumsum(bins)
        count = int(upto[-1])
        if not count:
            return None
        high, low = self.numbers[_DELAYS:_LOSSES].tolist()
        # The smallest end that at least so many of a hundred delays do not pass.
        median, most = (
            float(DELAY_ENDS_US[np.searchsorted(upto * 100, count * share)]) / 1e6
            for share in (50, 95)
        )
        return LabelDelay(count, ((high << 32) + low) / count / 1e6, median, most)


def sums_of(
    columns: ImageColumns, images: Int64 | None = None, starts: Int64 | None = None
) -> list[WindowSums]:
    """Return the sums over runs of images, by default over all of them as one run.

    Args:
        columns: Of images.
        images: Positions of the images of all runs, one run after the other.
        starts: Where each run begins among these; none is empty.
    """
    if images is None:
        images = np.arange(len(columns))
    if starts is None:
        if not len(images):
            return [WindowSums.empty(columns.loss_numbers.shape[1])]
        starts = np.zeros(1, np.int64)
    runs = len(starts)
    numbers = np.add.reduceat(_numbers(columns)[images], starts, axis=0)
    bins = columns.loss_bins.reshape(len(columns), -1)[images]
    place = np.repeat(np.arange(runs), np.diff(starts, append=len(images)))
    delay = np.minimum(np.searchsorted(DELAY_ENDS_US, columns.delays_us), len(DELAY_ENDS_US) - 1)
    marks = [
        np.bincount(place * width + mark[images], minlength=runs * width).reshape(runs, width)
        for width, mark in (
            (GROUPS, columns.groups),
            (MAX_SOURCES + 1, columns.sources),
            (len(DELAY_ENDS_US), delay),
        )
    ]
    counts = np.concatenate([*marks, np.add.reduceat(bins, starts, axis=0, dtype=np.int64)], axis=1)
    return [WindowSums(a.copy(), _few_bytes(b)) for a, b in zip(numbers, counts, strict=True)]


def _numbers(columns: ImageColumns) -> Int64:
    """Return what is summed of each image, in the order of the numbers."""
    delays = columns.delays_us[:, None]
    return np.concatenate(
        [
            np.ones((len(columns), 1), np.int64),
            columns.counts,
            columns.sums >> 32,
            columns.sums & _LOW,
            delays >> 32,
            delays & _LOW,
            columns.loss_numbers.reshape(len(columns), -1),
        ],
        axis=1,
    )


def _few_bytes(counts: Int64) -> NDArray[np.unsignedinteger[Any]]:
    """Return counts in as few bytes as hold them."""
    return counts.astype(np.min_scalar_type(int(counts.max())))
