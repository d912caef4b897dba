"""Rows of a window with what is known of their scores, from a sketch or exactly."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sketch.keys import KEYS, lowest_scores, middle_scores
from boxgauge.engine.sketch.ordered import OrderedRows

# All classes together are looked at in bins that are at least 2^6 of the finest wide: 0.002 of
# a logit, so that there are few.
_POOLED_LEVEL = 6

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """What thresholds let through, all classes together.

    Attributes:
        thresholds: Falling.
        tp: True positives that score at least as much.
        seen: True and false positives that do.
    """

    thresholds: Float64
    tp: Int64
    seen: Int64


class Scored(Protocol):
    """Rows with scores."""

    @property
    def rows(self) -> OrderedRows:
        """The rows, by bins as fine as is known."""
        ...

    @property
    def tied(self) -> Int64:
        """Like their ``place``, but scores that no threshold separates are in one bin."""
        ...

    @property
    def comparable(self) -> Int64:
        """Detections of each row whose score can be compared with a threshold."""
        ...

    def thresholds(self, at: Int64) -> Float64:
        """Return the highest threshold that these rows pass, with all of their bins."""
        ...

    def passing(self, found: Int64, seen: Int64) -> Passing:
        """Return what passes each threshold at which true positives come in.

        Args:
            found: True positives of each row.
            seen: True and false positives.
        """
        ...

    def binned(self, bounds: Float64, counts: Int64) -> tuple[Int64, Float64]:
        """Return how many detections are in each bin of scores, and the sum of their scores.

        Args:
            bounds: Scores from which on the next bin begins, ascending.
            counts: Detections of each row.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class BinnedRows:
    """Of a sketch.

    Attributes:
        rows: Those that count something.
        keys: Bin of each row, from the highest score on, at the level of its class.
        levels: How often the bins of each class were doubled.
    """

    rows: OrderedRows
    keys: Int64
    levels: Int64

    @property
    def tied(self) -> Int64:
        """The bins themselves: no threshold divides one."""
        return self.rows.place

    @property
    def comparable(self) -> Int64:
        """All: what is no probability is taken for 0 or 1."""
        return self.rows.counts

    def thresholds(self, at: Int64) -> Float64:
        """Return the lowest score of the rows' bins."""
        return lowest_scores(self.keys[at], self.levels[self.rows.label[at]])

    def passing(self, found: Int64, seen: Int64) -> Passing:
        """Return what passes the lower ends of bins, as wide as the widest class has them."""
        hits, counted = self._pooled(found), self._pooled(seen)
        at = np.flatnonzero(hits)
        return Passing(
            lowest_scores(at, np.full(len(at), self._level)),
            np.cumsum(hits)[at],
            np.cumsum(counted)[at],
        )

    def binned(self, bounds: Float64, counts: Int64) -> tuple[Int64, Float64]:
        """Return the bins, a score taken for the middle of its own bin."""
        pooled = self._pooled(counts)
        at = np.flatnonzero(pooled)
        scores = middle_scores(at, np.full(len(at), self._level))
        place = np.searchsorted(bounds, scores, side="right")
        bins = len(bounds) + 1
        held = np.bincount(place, pooled[at], bins).astype(np.int64)
        return held, np.bincount(place, pooled[at] * scores, bins).astype(np.float64)

    @property
    def _level(self) -> int:
        return max(int(self.levels.max()), _POOLED_LEVEL)

    def _pooled(self, counts: Int64) -> Int64:
        """Return how many of all classes there are in each bin."""
        keys = self.keys >> (self._level - self.levels)[self.rows.label]
        return np.bincount(keys, counts, KEYS >> self._level).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ExactRows:
    """Of detections one by one.

    Attributes:
        rows: A row and a bin for each detection.
        scores: Of each.
        tied: Equal scores of a class are one.
    """

    rows: OrderedRows
    scores: Float64
    tied: Int64

    @property
    def comparable(self) -> Int64:
        """All but NaN."""
        return self.rows.counts * ~np.isnan(self.scores)

    def thresholds(self, at: Int64) -> Float64:
        """Return the scores of the rows."""
        return self.scores[at]

    def passing(self, found: Int64, seen: Int64) -> Passing:
        """Return what passes each score of a true positive."""
        rising = np.unique(self.scores[found > 0])
        # By class they fall: the other way round, each search begins where the last one ended.
        scores = np.where(np.isnan(self.scores), -np.inf, self.scores)[::-1]
        place = np.searchsorted(rising, scores, side="right")

        def passed(counts: Int64) -> Int64:
            return np.cumsum(np.bincount(place, counts[::-1], len(rising) + 1)[:0:-1]).astype(
                np.int64
            )

        return Passing(rising[::-1], passed(found), passed(seen))

    def binned(self, bounds: Float64, counts: Int64) -> tuple[Int64, Float64]:
        """Return the bins; what is no probability is in none."""
        is_ratio = (self.scores >= 0) & (self.scores <= 1)
        scores = self.scores[(counts > 0) & is_ratio]
        place = np.searchsorted(bounds, scores, side="right")
        bins = len(bounds) + 1
        sums = np.bincount(place, scores, bins).astype(np.float64)
        return np.bincount(place, minlength=bins), sums
