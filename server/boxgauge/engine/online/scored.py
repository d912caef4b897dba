"""Rows of a window with what is known of their scores, from a sketch or exactly."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sketch.events import TRUE_POSITIVE
from boxgauge.engine.sketch.keys import KEYS, lowest_scores, middle_scores
from boxgauge.engine.sketch.ordered import OrderedRows

# All classes together are looked at in bins that are at least 2^6 of the finest wide: 0.002 of
# a logit, so that there are few.
_POOLED_LEVEL = 6

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ByScore:
    """Detections of all classes together that count.

    Attributes:
        thresholds: Those at which true positives come in, falling.
        tp: True positives that score at least as much.
        seen: True and false positives that do.
        binned: Detections, true positives and sum of scores of each bin of scores, [3, bins].
    """

    thresholds: Float64
    tp: Int64
    seen: Int64
    binned: Float64


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

    def by_score(self, threshold: int, bounds: Float64) -> ByScore:
        """Return what counts at one IoU threshold over the first area range.

        Args:
            threshold: Its position.
            bounds: Scores from which on the next bin of scores begins, ascending.
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

    def by_score(self, threshold: int, bounds: Float64) -> ByScore:
        """Return what counts, in bins as wide as the widest class has them.

        Thresholds are lower ends of bins, and a score counts as the middle of its own bin.
        """
        level = max(int(self.levels.max()), _POOLED_LEVEL)
        key = self.keys >> (level - self.levels)[self.rows.label]
        outcomes = self.rows.outcomes[:, 0, threshold]
        kind = 2 * key + (outcomes == TRUE_POSITIVE)[self.rows.code]
        counts = self.rows.counts * (outcomes <= TRUE_POSITIVE)[self.rows.code]
        missed, found = (
            np.bincount(kind, counts, 2 * (KEYS >> level)).astype(np.int64).reshape(-1, 2).T
        )
        seen = missed + found
        at = np.flatnonzero(seen)
        scores = middle_scores(at, np.full(len(at), level))
        place = np.searchsorted(bounds, scores, side="right")
        columns = seen[at], found[at], seen[at] * scores
        binned = [np.bincount(place, each, len(bounds) + 1) for each in columns]
        hits = np.flatnonzero(found)
        return ByScore(
            lowest_scores(hits, np.full(len(hits), level)),
            np.cumsum(found)[hits],
            np.cumsum(seen)[hits],
            np.array(binned, dtype=np.float64),
        )


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

    def by_score(self, threshold: int, bounds: Float64) -> ByScore:
        """Return what counts; a score that is no probability is in no bin."""
        outcome = self.rows.outcomes[:, 0, threshold][self.rows.code]
        is_hit, is_seen = outcome == TRUE_POSITIVE, outcome <= TRUE_POSITIVE
        scores = np.where(np.isnan(self.scores), -np.inf, self.scores)
        rising = np.unique(scores[is_hit & (scores > -np.inf)])
        # By class they fall: the other way round, each search begins where the last one ended.
        entry = np.searchsorted(rising, scores[::-1], side="right")

        def passed(counted: NDArray[np.bool_]) -> Int64:
            found = np.bincount(entry, counted[::-1], len(rising) + 1)
            return np.cumsum(found[:0:-1]).astype(np.int64)

        place = np.searchsorted(bounds, scores, side="right")
        is_seen_there = is_seen & (scores >= 0) & (scores <= 1)
        columns = is_seen_there, is_hit & is_seen_there, np.where(is_seen_there, scores, 0.0)
        binned = [np.bincount(place, each, len(bounds) + 1) for each in columns]
        return ByScore(
            rising[::-1], passed(is_hit), passed(is_seen), np.array(binned, dtype=np.float64)
        )
