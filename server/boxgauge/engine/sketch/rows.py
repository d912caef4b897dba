"""Counts by class, bin, maximum and pattern, coarse enough to be few."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxgauge.engine.sketch.keys import KEY_BITS

UInt64 = NDArray[np.uint64]
Int64 = NDArray[np.int64]

# A class with more bins, or more rows, gets bins twice as wide.
MAX_KEYS = 2048
MAX_ROWS = 2**15

# From the lowest bit of an id on: pattern, maxima that leave it out, bin, class.
CODE_BITS, BUCKET_BITS = 20, 8
_KEY_AT = CODE_BITS + BUCKET_BITS
_LABEL_AT = _KEY_AT + KEY_BITS


@dataclass(frozen=True, slots=True, eq=False)
class SketchRows:
    """How many detections of each kind there are.

    A row stays when its count falls to 0: how wide the bins are must depend on what was ever
    added, not on the order in which it was added and taken away.

    Attributes:
        ids: Class, bin, bucket and pattern as one number each, ascending, [n].
        counts: At least 0, [n].
        levels: How often the bins of each class were doubled in width, 0 to 20, [classes].
    """

    ids: UInt64
    counts: Int64
    levels: NDArray[np.uint8]

    @classmethod
    def empty(cls, classes: int) -> "SketchRows":
        """Return no rows."""
        return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(classes, np.uint8))

    @classmethod
    def joined(cls, parts: "Sequence[SketchRows]") -> "SketchRows":
        """Return the sum of rows of the finest bins, as fine, however many they are."""
        ids = np.concatenate([each.ids for each in parts])
        return summed(ids, np.concatenate([each.counts for each in parts]), parts[0].levels)

    def plus(self, other: "SketchRows") -> "SketchRows":
        """Return the sum, at the coarser of both levels or coarser still where bounds ask."""
        levels = np.maximum(self.levels, other.levels)
        ours, theirs = self.at(levels), other.at(levels)
        ids = np.concatenate([ours.ids, theirs.ids])
        counts = np.concatenate([ours.counts, theirs.counts])
        return summed(ids, counts, levels, in_runs=True).fitted()

    def minus(self, other: "SketchRows") -> "tuple[SketchRows, NDArray[np.bool_]]":
        """Return the difference, and the classes of which there is not as much here."""
        levels = np.maximum(self.levels, other.levels)
        ours, theirs = self.at(levels), other.at(levels)
        counted = theirs.counts > 0
        ids, counts = theirs.ids[counted], theirs.counts[counted]
        places = np.searchsorted(ours.ids, ids)
        known = np.append(ours.ids, np.uint64(0))[places] == ids
        known &= np.append(ours.counts, 0)[places] >= counts
        left = ours.counts.copy()
        left[places[known]] -= counts[known]
        missing = np.bincount(label_of(ids[~known]), minlength=len(levels)) > 0
        return replace(ours, counts=left), missing

    def at(self, levels: NDArray[np.uint8]) -> "SketchRows":
        """Return the rows at these levels, which are nowhere lower than theirs."""
        doubled = (levels - self.levels).astype(np.uint64)
        if not doubled.any():
            return self
        label = label_of(self.ids)
        ids = packed(label, key_of(self.ids) >> doubled[label], kind_of(self.ids))
        return summed(ids, self.counts, levels, in_runs=True)

    def fitted(self) -> "SketchRows":
        """Return the rows with bins just wide enough to keep to the bounds.

        Doubling the bins never makes more bins or rows. So the level of a class is the lowest
        at which all that was ever added fits, whatever came first. One bin always fits: a
        sketch refuses more patterns than it has room for.
        """
        rows = self.at(self._levels_of_few_bins())
        while True:
            many = np.bincount(label_of(rows.ids), minlength=len(rows.levels)) > MAX_ROWS
            many &= rows.levels < KEY_BITS
            if not many.any():
                return rows
            rows = rows.at(rows.levels + many.astype(np.uint8))

    def _levels_of_few_bins(self) -> NDArray[np.uint8]:
        bins = self.ids >> np.uint64(_KEY_AT)
        bins = bins[np.append(True, bins[1:] != bins[:-1])[: len(bins)]] << np.uint64(_KEY_AT)
        label, key, levels = label_of(bins), key_of(bins), self.levels
        while True:
            wider = key >> (levels - self.levels).astype(np.uint64)[label]
            starts = (label[1:] != label[:-1]) | (wider[1:] != wider[:-1])
            held = np.bincount(label[np.append(True, starts)[: len(label)]], minlength=len(levels))
            many = held > MAX_KEYS
            if not many.any():
                return levels
            levels = levels + many.astype(np.uint8)

    def renamed(self, codes: Int64) -> "SketchRows":
        """Return the rows with ``codes[c]``, all different, in the place of each code c."""
        code = codes.astype(np.uint64)[code_of(self.ids)]
        ids = (self.ids >> np.uint64(CODE_BITS)) << np.uint64(CODE_BITS) | code
        order = np.argsort(ids)
        return replace(self, ids=ids[order], counts=self.counts[order])


def summed(
    ids: UInt64, counts: Int64, levels: NDArray[np.uint8], *, in_runs: bool = False
) -> SketchRows:
    """Return rows of which ids may have occurred more than once and in any order.

    Where much of it is ``in_runs`` that ascend, a sort that sees them takes a tenth of the time.
    """
    order = np.argsort(ids, kind="stable" if in_runs else None)
    ids, counts = ids[order], counts[order]
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])[: len(ids)])
    return SketchRows(ids[starts], np.add.reduceat(counts, starts), levels)


def kinds(bucket: ArrayLike, code: ArrayLike) -> UInt64:
    """Return bucket and pattern as one number each."""
    kind: UInt64 = np.asarray(bucket, np.uint64) << np.uint64(CODE_BITS)
    return kind | np.asarray(code, np.uint64)


def packed(label: NDArray[np.integer[Any]], key: UInt64, kind: UInt64) -> UInt64:
    """Return the ids."""
    ids: UInt64 = label.astype(np.uint64) << np.uint64(_LABEL_AT)
    return ids | key << np.uint64(_KEY_AT) | kind


def label_of(ids: UInt64) -> Int64:
    """Return the class of each id."""
    return (ids >> np.uint64(_LABEL_AT)).astype(np.int64)


def bin_of(ids: UInt64) -> UInt64:
    """Return class and bin of each id as one number."""
    return ids >> np.uint64(_KEY_AT)


def key_of(ids: UInt64) -> UInt64:
    """Return the bin of each id, from the highest score on, at the level of its class."""
    return ids >> np.uint64(_KEY_AT) & np.uint64(2**KEY_BITS - 1)


def kind_of(ids: UInt64) -> UInt64:
    """Return bucket and pattern of each id."""
    return ids & np.uint64(2**_KEY_AT - 1)


def bucket_of(ids: UInt64) -> Int64:
    """Return how many maxima leave out the detections of each id."""
    return (ids >> np.uint64(CODE_BITS) & np.uint64(2**BUCKET_BITS - 1)).astype(np.int64)


def code_of(ids: UInt64) -> Int64:
    """Return the pattern's place in the list."""
    return (ids & np.uint64(2**CODE_BITS - 1)).astype(np.int64)
