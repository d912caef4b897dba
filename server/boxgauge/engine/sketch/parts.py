"""Rows in parts that one run of a graph can hold: whole classes, and area ranges by themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.class_groups import class_groups
from boxgauge.engine.sketch.events import Hits
from boxgauge.engine.sketch.ordered import OrderedRows

# Rows of one part over whole classes: what is worked on then stays near the cache.
MAX_ROWS = 2**17
# Curves of rows with true positives: some 100 bytes each.
MAX_PAIRS = 2**22
# Curves of a part: of few, so that two threads share a report.
MAX_CURVES = 2**11


@dataclass(frozen=True, slots=True)
class Where:
    """Whole classes over some area ranges."""

    classes: slice
    areas: slice


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one run of a graph is about.

    Attributes:
        where: Which classes and area ranges.
        rows: Of these classes, from 0.
        hits: Of these classes and areas, from 0.
    """

    where: Where
    rows: OrderedRows
    hits: Hits

    @property
    def curves(self) -> tuple[int, int, int]:
        """Areas, thresholds and classes: the axes of all curves, in the order of their number."""
        _, areas, thresholds = self.rows.outcomes.shape
        return areas, thresholds, self.where.classes.stop - self.where.classes.start

    def positives(self, whole: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return of [..., classes, areas] what belongs to each curve: [..., curves]."""
        areas, thresholds, classes = self.curves
        own = np.moveaxis(whole[..., self.where.classes, self.where.areas], -1, -2)[..., None, :]
        axes = (*whole.shape[:-2], areas, thresholds, classes)
        return np.broadcast_to(own, axes).reshape(*whole.shape[:-2], areas * thresholds * classes)

    def found(self, maxima: int) -> NDArray[np.int64]:
        """Return the true positives of each maximum and curve, as an array of these axes."""
        curves = int(np.prod(self.curves))
        bucket = self.rows.bucket[self.hits.rows]
        cell = bucket[self.hits.entry] * curves + self.hits.curve
        found = np.bincount(cell, self.hits.found, maxima * curves)
        return found.reshape(maxima, curves).cumsum(axis=0).astype(np.int64)


def parts_of(rows: OrderedRows, classes: int) -> Iterator[Part]:
    """Yield all parts, one after the other, so that few are there at a time."""
    _, areas, thresholds = rows.outcomes.shape
    is_special = _special(rows.outcomes)
    for of_classes, of_rows in _groups(rows, classes):
        part = rows.of(of_rows, of_classes.start)
        special = int(np.count_nonzero(is_special[part.code]))
        each = areas if special * areas * thresholds <= MAX_PAIRS else 1
        for a in range(0, areas, each):
            where = Where(of_classes, slice(a, a + each))
            own = part if each == areas else replace(part, outcomes=part.outcomes[:, where.areas])
            yield Part(where, own, Hits.of(own, of_classes.stop - of_classes.start))


def _groups(rows: OrderedRows, classes: int) -> Iterator[tuple[slice, slice]]:
    """Yield the classes and rows of each part; a class has rows or none."""
    most = max(MAX_CURVES // rows.outcomes[0].size, 1)
    for of_classes, of_rows in class_groups(rows.label, classes, MAX_ROWS):
        label = rows.label[of_rows]
        for k in range(of_classes.start, of_classes.stop, most):
            some = slice(k, min(k + most, of_classes.stop))
            first, end = (of_rows.start + np.searchsorted(label, (k, some.stop))).tolist()
            yield some, slice(first, end)


def _special(outcomes: NDArray[np.int64]) -> NDArray[np.bool_]:
    hit, ignored = outcomes == 1, outcomes == 2
    found: NDArray[np.bool_] = (hit | (ignored != ignored[:, :, -1:])).any(axis=(1, 2))
    return found
