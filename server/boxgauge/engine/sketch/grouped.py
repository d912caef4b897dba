"""Counts as those of a sketch, and by group of images besides: one table for both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.sketch import rows as plain
from boxgauge.engine.sketch.keys import KEY_BITS
from boxgauge.engine.sketch.rows import SketchRows

UInt64 = NDArray[np.uint64]
Int64 = NDArray[np.int64]
Counts = NDArray[np.unsignedinteger[Any]]

# From the lowest bit of an id on: group, pattern, maxima that leave it out, bin, class. A
# plain id has more room for patterns and classes than a sketch can have patterns.
GROUP_BITS, CODE_BITS, LABEL_BITS = 5, 16, 15
_BUCKET_AT = GROUP_BITS + CODE_BITS
_KEY_AT = _BUCKET_AT + plain.BUCKET_BITS
_LABEL_AT = _KEY_AT + KEY_BITS

# A class with more rows gets bins twice as wide, unless they are as wide as can be.
MAX_GROUPED_ROWS = 2**16
# Bytes of a row: its id, and its count; and of a table's objects beside its rows.
ROW_BYTES = 12
TABLE_BYTES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Tallied:
    """How often each number occurs.

    Attributes:
        ids: Ascending, [n].
        counts: uint32 [n].
    """

    ids: UInt64
    counts: Counts

    @classmethod
    def empty(cls) -> "Tallied":
        """Return no numbers."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.uint32))

    @classmethod
    def joined(cls, parts: "Sequence[Tallied]") -> "Tallied":
        """Return the sum, at least of one; numbers of a part may be in any order."""
        if len(parts) == 1:
            ids, counts = parts[0].ids, parts[0].counts
        else:
            ids = np.concatenate([each.ids for each in parts])
            counts = np.concatenate([each.counts for each in parts])
        # Parts are sorted for themselves: a sort that sees it takes a tenth of the time.
        order = np.argsort(ids, kind="stable")
        ids = ids[order]
        starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])[: len(ids)])
        if len(starts) == len(ids):
            return cls(ids, counts[order])
        return cls(ids[starts], narrow(np.add.reduceat(counts[order], starts, dtype=np.int64)))

    def minus(self, other: "Tallied") -> "tuple[Tallied, NDArray[np.bool_]]":
        """Return the difference, and which of the other's numbers are not here as often."""
        places = np.searchsorted(self.ids, other.ids)
        known = np.append(self.ids, np.uint64(0))[places] == other.ids
        known &= np.append(self.counts, np.uint32(0))[places] >= other.counts
        left = self.counts.copy()
        left[places[known]] -= other.counts[known]
        return Tallied(self.ids, left), ~known

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return TABLE_BYTES + self.ids.nbytes + self.counts.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class GroupedRows:
    """How many detections of each kind each group has; see `SketchRows`.

    The bins are as wide as a sketch of the same detections has them, and wider where a class
    has more than 65,536 rows, counted with their groups.

    Attributes:
        tallied: Class, bin, bucket, pattern and group as one number each.
        levels: How often the bins of each class were doubled in width, 0 to 20, [classes].
    """

    tallied: Tallied
    levels: NDArray[np.uint8]

    @classmethod
    def empty(cls, classes: int) -> "GroupedRows":
        """Return no rows."""
        return cls(Tallied.empty(), np.zeros(classes, np.uint8))

    @classmethod
    def joined(cls, parts: "Sequence[GroupedRows]") -> "GroupedRows":
        """Return the sum of at least one part, at the lowest levels at which all of it fits."""
        levels = parts[0].levels
        for each in parts[1:]:
            levels = levels if each.levels is levels else np.maximum(levels, each.levels)
        tallied = Tallied.joined([each._widened(levels) for each in parts])
        return cls(tallied, levels).fitted()

    def minus(self, other: "GroupedRows") -> "tuple[GroupedRows, NDArray[np.bool_]]":
        """Return the difference, and the classes of which there is not as much here."""
        levels = np.maximum(self.levels, other.levels)
        theirs = other.at(levels).tallied
        left, missing = self.at(levels).tallied.minus(theirs)
        classes = np.bincount(label_of(theirs.ids[missing]), minlength=len(levels)) > 0
        return GroupedRows(left, levels), classes

    def at(self, levels: NDArray[np.uint8]) -> "GroupedRows":
        """Return the rows at these levels, which are nowhere lower than theirs."""
        tallied = self._widened(levels)
        if tallied is self.tallied:
            return self if levels is self.levels else replace(self, levels=levels)
        return GroupedRows(Tallied.joined([tallied]), levels)

    def _widened(self, levels: NDArray[np.uint8]) -> Tallied:
        """Return the rows at these levels; an id may occur more than once and anywhere."""
        doubled = (levels - self.levels).astype(np.uint64)
        if levels is self.levels or not doubled.any():
            return self.tallied
        ids = self.tallied.ids
        label = label_of(ids)
        wider = label.astype(np.uint64) << np.uint64(_LABEL_AT)
        wider |= key_of(ids) >> doubled[label] << np.uint64(_KEY_AT)
        return Tallied(wider | ids & np.uint64(2**_KEY_AT - 1), self.tallied.counts)

    def fitted(self) -> "GroupedRows":
        """Return the rows with bins just wide enough for the bounds.

        As in a sketch, the level of a class is the lowest at which all that was ever added
        fits, whatever came first.
        """
        least = min(plain.MAX_KEYS, plain.MAX_ROWS, MAX_GROUPED_ROWS)
        if len(self) <= least or np.bincount(label_of(self.tallied.ids)).max() <= least:
            return self
        ids = plain_ids(self.tallied.ids)
        ids = ids[np.append(True, ids[1:] != ids[:-1])[: len(ids)]]
        # How many there are of each is no matter.
        levels = SketchRows(ids, np.ones(len(ids), np.int64), self.levels).fitted().levels
        rows = self.at(levels)
        while True:
            held = np.bincount(label_of(rows.tallied.ids), minlength=len(levels))
            many = (held > MAX_GROUPED_ROWS) & (rows.levels < KEY_BITS)
            if not many.any():
                return rows
            rows = rows.at(rows.levels + many.astype(np.uint8))

    def plain(self) -> tuple[SketchRows, NDArray[np.uint8]]:
        """Return the rows as a sketch has them, an id once a group, and the groups."""
        ids = self.tallied.ids
        groups = group_of_id(ids).astype(np.uint8)
        counts = self.tallied.counts.astype(np.int64)
        return SketchRows(plain_ids(ids), counts, self.levels), groups

    def renamed(self, codes: Int64) -> "GroupedRows":
        """Return the rows with ``codes[c]``, all different, in the place of each code c."""
        ids = self.tallied.ids
        code = codes.astype(np.uint64)[code_of(ids)]
        kept = ~np.uint64((2**CODE_BITS - 1) << GROUP_BITS)
        ids = ids & kept | code << np.uint64(GROUP_BITS)
        return replace(self, tallied=Tallied.joined([Tallied(ids, self.tallied.counts)]))

    def __len__(self) -> int:
        return len(self.tallied)

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take."""
        return self.tallied.nbytes + self.levels.nbytes


def grouped_ids(label: Int64, key: UInt64, bucket: Int64, code: Int64, group: Int64) -> UInt64:
    """Return the ids."""
    ids: UInt64 = label.astype(np.uint64) << np.uint64(_LABEL_AT)
    ids |= key << np.uint64(_KEY_AT)
    low = bucket << _BUCKET_AT | code << GROUP_BITS | group
    return ids | low.astype(np.uint64)


def plain_ids(ids: UInt64) -> UInt64:
    """Return the ids of a sketch, which know no groups; they come in the same order."""
    return plain.packed(label_of(ids), key_of(ids), plain.kinds(bucket_of(ids), code_of(ids)))


def label_of(ids: UInt64) -> Int64:
    """Return the class of each id."""
    return (ids >> np.uint64(_LABEL_AT)).astype(np.int64)


def key_of(ids: UInt64) -> UInt64:
    """Return the bin of each id, at the level of its class."""
    return ids >> np.uint64(_KEY_AT) & np.uint64(2**KEY_BITS - 1)


def bucket_of(ids: UInt64) -> Int64:
    """Return how many maxima leave out the detections of each id."""
    return (ids >> np.uint64(_BUCKET_AT) & np.uint64(2**plain.BUCKET_BITS - 1)).astype(np.int64)


def code_of(ids: UInt64) -> Int64:
    """Return the pattern's place in the list."""
    return (ids >> np.uint64(GROUP_BITS) & np.uint64(2**CODE_BITS - 1)).astype(np.int64)


def group_of_id(ids: UInt64) -> UInt64:
    """Return the group of each id."""
    return ids & np.uint64(2**GROUP_BITS - 1)


def narrow(counts: Int64) -> Counts:
    """Return counts in 32 bits, where these hold them."""
    return counts.astype(np.uint32 if counts.max(initial=0) < 2**32 else np.uint64)
