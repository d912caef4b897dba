"""Sums over images of what a store keeps of each, and what a report says of them."""

from dataclasses import dataclass

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
# Where the parts of a vector of sums begin: images; true and false positives and scores
# outside [0, 1]; upper and lower parts of the sums and of the delays; images by group, by
# source and by delay; then each loss.
_COUNTS, _SUMS, _DELAYS = 1, 4, 4 + 2 * SUMS
_GROUPS = _DELAYS + 2
_SOURCES = _GROUPS + GROUPS
_BINS = _SOURCES + MAX_SOURCES + 1
_LOSSES = _BINS + len(DELAY_ENDS_US)
_A_LOSS = LOSS_NUMBERS + len(LOSS_EDGES)


@dataclass(frozen=True, slots=True, eq=False)
class WindowSums:
    """Sums over images, all integers.

    They add up and can be taken away as one vector, int64; what may not fit into 64 bits is
    there by its upper part and its lower 32 bits.
    """

    vector: Int64

    @classmethod
    def empty(cls, losses: int) -> "WindowSums":
        """Return the sums over no images."""
        return cls(np.zeros(_LOSSES + losses * _A_LOSS, np.int64))

    def plus(self, other: "WindowSums") -> "WindowSums":
        """Return the sum."""
        return WindowSums(self.vector + other.vector)

    @property
    def images(self) -> int:
        """How many."""
        return int(self.vector[0])

    @property
    def images_by_group(self) -> Int64:
        """int64 [32]."""
        return self.vector[_GROUPS:_SOURCES]

    def minus(self, other: "WindowSums") -> "WindowSums":
        """Return the difference."""
        return WindowSums(self.vector - other.vector)

    def is_possible(self) -> bool:
        """Say whether no count is below 0; a sum of losses may be."""
        losses = self.vector[_LOSSES:].reshape(-1, _A_LOSS)
        counts = (self.vector[:_SUMS], self.vector[_GROUPS:_LOSSES], losses[:, 2:])
        return min(int(each.min(initial=0)) for each in counts) >= 0

    def totals(self, positives: Int64) -> SketchTotals:
        """Return the sums as a sketch has them, which knows the ground truths to be found."""
        tp, fp, outside = self.vector[_COUNTS:_SUMS].tolist()
        high, low = self.vector[_SUMS:_DELAYS].reshape(2, SUMS).tolist()
        sums = tuple((h << 32) + each for h, each in zip(high, low, strict=True))
        return SketchTotals(self.images, tp, fp, outside, positives, sums)

    def losses(self, names: tuple[str, ...]) -> tuple[LossSummary, ...]:
        """Return each loss, by the names in their order."""
        found = []
        for name, of_loss in zip(names, self.vector[_LOSSES:].reshape(-1, _A_LOSS), strict=True):
            high, low, count, not_finite = of_loss[:LOSS_NUMBERS].tolist()
            mean = ((high << 32) + low) / FIXED_POINT / count if count else None
            bins = of_loss[LOSS_NUMBERS:]
            found.append(LossSummary(name, count, mean, LOSS_EDGES, bins, not_finite))
        return tuple(found)

    def sources(self, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
        """Return the images by source, by the sources' names in the order of their numbers."""
        counts = self.vector[_SOURCES:_BINS].tolist()
        named = [*zip(names, counts, strict=False), (OTHER_SOURCE, counts[MAX_SOURCES])]
        return tuple(sorted((name, count) for name, count in named if count))

    def without_sources(self) -> "WindowSums":
        """Return the sums as if no image had a source, not even an empty one."""
        vector = self.vector.copy()
        vector[_SOURCES:_BINS] = 0
        return WindowSums(vector)

    def with_sources(self, counts: dict[int, int]) -> "WindowSums":
        """Return the sums with these images besides, by the number of their source."""
        vector = self.vector.copy()
        for number, count in counts.items():
            vector[_SOURCES + number] += count
        return WindowSums(vector)

    def delay(self) -> LabelDelay | None:
        """Return how long labels took; delays beyond the last bin count as its end."""
        bins = self.vector[_BINS:_LOSSES]
        upto = np.cumsum(bins)
        count = int(upto[-1])
        if not count:
            return None
        high, low = self.vector[_DELAYS:_GROUPS].tolist()
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
    added = np.add.reduceat(_numbers(columns)[images], starts, axis=0)
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
    vectors = np.concatenate([added[:, :_GROUPS], *marks, added[:, _GROUPS:]], axis=1)
    return [WindowSums(each.copy()) for each in vectors.astype(np.int64)]


def _numbers(columns: ImageColumns) -> Int64:
    """Return what is summed of each image, in the order of a vector, without its marks."""
    n = len(columns)
    delays = columns.delays_us[:, None]
    losses = np.concatenate([columns.loss_numbers, columns.loss_bins.astype(np.int64)], axis=2)
    return np.concatenate(
        [
            np.ones((n, 1), np.int64),
            columns.counts,
            columns.sums >> 32,
            columns.sums & _LOW,
            delays >> 32,
            delays & _LOW,
            losses.reshape(n, -1),
        ],
        axis=1,
    )
