"""Counts at a few of many places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Unsigned = NDArray[np.unsignedinteger[Any]]

# An array over all places is worth it where there are this many times as many of them at most.
_SPREAD = 16
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
        if limit <= _SPREAD * len(joined):
            return cls.from_dense(np.bincount(joined, minlength=limit + 1)[:limit], dtype)
        found, counts = np.unique(joined, return_counts=True)
        inside = found < limit
        return cls(found[inside].astype(dtype), _small(counts[inside]))

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
        if len(parts) == 1:
            return parts[0]
        joined = np.concatenate([each.places for each in parts] or [np.zeros(0, dtype)])
        counts = np.concatenate([each.counts.astype(np.int64) for each in parts] or [_NONE])
        if limit <= _SPREAD * len(joined):
            dense = np.zeros(limit, np.int64)
            np.add.at(dense, joined, counts)
            return cls.from_dense(dense, dtype)
        found, place = np.unique(joined, return_inverse=True)
        sums = np.zeros(len(found), np.int64)
        np.add.at(sums, place, counts)
        return cls(found, _small(sums))

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

    @property
    def nbytes(self) -> int:
        """Return the bytes that it takes at most, whatever is added to what it has."""
        return self.places.nbytes + max(self.counts.nbytes, _WIDEST * len(self.counts))


_NONE = np.zeros(0, np.int64)


def _small(counts: Int64) -> Unsigned:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
