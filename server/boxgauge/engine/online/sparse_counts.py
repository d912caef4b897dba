"""Counts at a few of many places."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Unsigned = NDArray[np.unsignedinteger[Any]]

# An array over all places is worth it where there are this many times as many of them at most.
_SPREAD = 16
# Over so many places at most groups are summed in one go.
_SUMMED_AT_ONCE = 2**22
# Bytes of a count, up to 2^32 of something.
_WIDEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class SparseCounts:
    """How often each place occurs; never changed.

    Attributes:
        places: Ascending, each once, [n].
        counts: Above 0, in the smallest type that holds them, [n].
    """

    places: Unsigned
    counts: Unsigned

    @classmethod
    def of(cls, places: Sequence[Unsigned], limit: int, dtype: np.dtype[Any]) -> "SparseCounts":
        """Return the counts of places that may occur more than once, in any order.

        Args:
            places: In parts; ``limit`` itself is left out.
            limit: All places are below it.
            dtype: Of places.
        """
        joined = np.concatenate(places) if places else np.zeros(0, dtype)
        return cls.of_groups(joined.astype(np.int64), 1, limit, dtype)[0]

    @classmethod
    def of_groups(
        cls, numbers: Int64, groups: int, limit: int, dtype: np.dtype[Any]
    ) -> "list[SparseCounts]":
        """Return the counts of each group's places, of all of them in one go.

        Args:
            numbers: Of a group times ``limit + 1``, and a place, in any order; the place
                ``limit`` is left out.
            groups: How many there are.
            limit: All places are below it.
            dtype: Of places.
        """
        width = limit + 1
        if groups * width <= _SPREAD * len(numbers):
            dense = np.bincount(numbers, minlength=groups * width)
            dense[limit::width] = 0
            found = np.flatnonzero(dense)
            return cls._split(found, dense[found], groups, width, dtype)
        found, counts = np.unique(numbers, return_counts=True)
        inside = found % width != limit
        return cls._split(found[inside], counts[inside], groups, width, dtype)

    @classmethod
    def from_dense(cls, dense: Int64, dtype: np.dtype[Any]) -> "SparseCounts":
        """Return the counts of an array over all places."""
        places = np.flatnonzero(dense)
        return cls(places.astype(dtype), _small(dense[places]))

    @classmethod
    def total(
        cls, parts: "Sequence[SparseCounts]", limit: int, dtype: np.dtype[Any]
    ) -> "SparseCounts":
        """Return the sum of all parts."""
        return parts[0] if len(parts) == 1 else cls.totals([parts], limit, dtype)[0]

    @classmethod
    def totals(
        cls, groups: "Sequence[Sequence[SparseCounts]]", limit: int, dtype: np.dtype[Any]
    ) -> "list[SparseCounts]":
        """Return the sum of each group, many of them in one go."""
        step = max(_SUMMED_AT_ONCE // max(limit, 1), 1)
        found = []
        for first in range(0, len(groups), step):
            found += cls._totals(groups[first : first + step], limit, dtype)
        return found

    @classmethod
    def _totals(
        cls, groups: "Sequence[Sequence[SparseCounts]]", limit: int, dtype: np.dtype[Any]
    ) -> "list[SparseCounts]":
        parts = [(k * limit, each) for k, group in enumerate(groups) for each in group]
        if not parts:
            return [cls(np.zeros(0, dtype), _small(_NONE)) for _ in groups]
        begins = np.repeat([begin for begin, _ in parts], [len(each) for _, each in parts])
        numbers = np.concatenate([each.places for _, each in parts]) + begins
        counts = np.concatenate([each.counts.astype(np.int64) for _, each in parts])
        if len(groups) * limit <= _SPREAD * len(numbers):
            dense = np.zeros(len(groups) * limit, np.int64)
            np.add.at(dense, numbers, counts)
            found = np.flatnonzero(dense)
            return cls._split(found, dense[found], len(groups), limit, dtype)
        # Parts are sorted for themselves: a sort that sees it takes a fraction of the time.
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        firsts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])
        sums = np.add.reduceat(counts[order], firsts) if len(firsts) else _NONE
        return cls._split(numbers[firsts], sums, len(groups), limit, dtype)

    @classmethod
    def _split(
        cls, numbers: Int64, counts: Int64, groups: int, width: int, dtype: np.dtype[Any]
    ) -> "list[SparseCounts]":
        """Return the counts of each group, of numbers that are ascending."""
        places = (numbers % width).astype(dtype)
        ends = np.searchsorted(numbers, np.arange(groups + 1) * width).tolist()
        # Copies: a slice would keep all of the groups alive.
        return [cls(places[a:b].copy(), _small(counts[a:b])) for a, b in pairwise(ends)]

    def minus(self, other: "SparseCounts") -> "SparseCounts | None":
        """Return the difference; None where there is not as much of something here."""
        at = np.searchsorted(self.places, other.places)
        if len(at) and (at[-1] == len(self.places) or (self.places[at] != other.places).any()):
            return None
        left = self.counts.astype(np.int64)
        left[at] -= other.counts.astype(np.int64)
        if int(left.min(initial=0)) < 0:
            return None
        kept = left > 0
        return SparseCounts(self.places[kept], _small(left[kept]))

    def dense(self, limit: int) -> Int64:
        """Return an array over all places."""
        found = np.zeros(limit, np.int64)
        found[self.places] = self.counts
        return found

    def __len__(self) -> int:
        return len(self.places)

    @property
    def nbytes(self) -> int:
        """Return the bytes that it takes at most, whatever is added to what it has."""
        return self.places.nbytes + max(self.counts.nbytes, _WIDEST * len(self.counts))


_NONE = np.zeros(0, np.int64)


def _small(counts: Int64) -> Unsigned:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
