"""What the statistics would be without one group of images, for each group in turn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.curve_steps import STEPS, steps_of
from boxgauge.engine.sketch.parts import Part, Where

LEFT_OUT_REPORT = "left_out_report"
# Of one run of the graph, in all curves, groups and steps: arrays of less than a megabyte stay in
# the cache, and are not taken from the system and given back each time.
MAX_CELLS = 240_000

Bool = NDArray[np.bool_]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Curves without each group that has images, NaN where undefined.

    Attributes:
        precision: Average precision, [groups, areas, thresholds, classes].
        recall: Recall reached with the last maximum, likewise.
        first_recall: Recall reached in the first area range with each maximum but the last,
            [groups, maxima - 1, thresholds, classes].
    """

    precision: Float64
    recall: Float64
    first_recall: Float64


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """The pairs of some curves, which are numbered from 0.

    Attributes:
        at: Places of the pairs in the part's, [q].
        curve: Of each, [q].
        count: Curves.
    """

    at: Int64
    curve: Int64
    count: int

    @classmethod
    def of(cls, curve: Int64, some: Int64) -> "_Curves":
        """Return those of some curves, ascending, from the curve of all pairs, ascending."""
        begin, end = np.searchsorted(curve, some), np.searchsorted(curve, some, side="right")
        sizes = end - begin
        own = np.repeat(np.arange(len(some)), sizes)
        return cls(np.arange(len(own)) + (begin - np.cumsum(sizes) + sizes)[own], own, len(some))

    def add(self, to: Float32, cell: Int64, values: Float32) -> None:
        """Add the pairs' values by cell and curve to an array of [cells, curves]."""
        np.add.at(to.reshape(-1), cell[self.at] * self.count + self.curve, values[self.at])


def left_out_of(
    engine: Engine, part: Part, positives: Int64, occupied: Bool, maxima: int
) -> LeftOut:
    """Return the curves of one part.

    Args:
        engine: Holds the graph.
        part: Of rows that have groups.
        positives: Ground truths to be found, [groups, classes, areas].
        occupied: Which groups have images; a group without any is never left out.
        maxima: How many there are.
    """
    hits, (areas, thresholds, classes) = part.hits, part.curves
    groups = int(np.count_nonzero(occupied))
    group = (np.cumsum(occupied) - 1)[part.rows.group]
    cell = steps_of(part) * groups + group
    usual = _usual(part, cell, groups)
    of_curve = part.positives(positives[occupied])
    to_find = of_curve.sum(axis=0) - of_curve
    # A curve without a true positive has none whatever is left out.
    precision = np.where(to_find > 0, 0.0, np.nan)
    recall = precision.copy()
    of_pair = cell[hits.rows][hits.entry]
    # Counts are exact in single precision to 2^24.
    hit, correction = (each.astype(np.float32) for each in (hits.found, hits.correction))
    alive = np.flatnonzero(np.bincount(hits.curve, hits.found, of_curve.shape[1]))
    most = max(MAX_CELLS // (STEPS * max(groups, 1)), 1)
    for first in range(0, len(alive), most):
        some = alive[first : first + most]
        curves = _Curves.of(hits.curve, some)
        of_kind = some // (thresholds * classes) * classes + some % classes
        seen = usual.take(of_kind, axis=1)
        curves.add(seen, of_pair, correction)
        own = np.zeros_like(seen)
        curves.add(own, of_pair, hit)
        steps = (STEPS, groups, len(some))
        inputs: dict[str, NDArray[Any]] = {
            "hits": own.reshape(steps),
            "seen": seen.reshape(steps),
            "positives": of_curve[:, some],
        }
        area = engine.run(LEFT_OUT_REPORT, inputs)["precision"]
        precision[:, some] = np.where(area < 0, np.nan, area)
        recall[:, some] = _recall(own.reshape(steps).sum(axis=0), to_find[:, some])
    axes = (groups, areas, thresholds, classes)
    first_recall = _first_recall(part, group, to_find, maxima)
    return LeftOut(precision.reshape(axes), recall.reshape(axes), first_recall)


def _recall(found: Float32 | Float64, to_find: Int64) -> Float64:
    """Return the recall without each group, of true positives and ground truths, [groups, ...]."""
    left = found.sum(axis=0, dtype=np.float64) - found
    return np.where(to_find > 0, left / np.maximum(to_find, 1), np.nan)


def _first_recall(part: Part, group: Int64, to_find: Int64, maxima: int) -> Float64:
    """Return the recall of the first area range with each maximum but the last."""
    hits, (_, thresholds, classes) = part.hits, part.curves
    groups, curves = len(to_find), thresholds * classes
    pairs = int(np.searchsorted(hits.curve, curves))
    row = hits.rows[hits.entry[:pairs]]
    at = (part.rows.bucket[row] * groups + group[row]) * curves + hits.curve[:pairs]
    found = np.bincount(at, hits.found[:pairs], maxima * groups * curves).astype(np.float64)
    upto = found.reshape(maxima, groups, curves)[: maxima - 1].cumsum(axis=0)
    wanted = to_find[:, :curves]
    by_maximum = [_recall(each, wanted) for each in upto]
    shape = (maxima - 1, groups, thresholds, classes)
    return np.array(by_maximum).reshape(shape).swapaxes(0, 1)


def joined_left_out(found: list[tuple[Where, LeftOut]]) -> LeftOut:
    """Return the curves of all parts as one."""
    areas = max(where.areas.stop for where, _ in found)
    classes = max(where.classes.stop for where, _ in found)
    groups, lower, thresholds, _ = found[0][1].first_recall.shape
    precision, recall = np.empty((2, groups, areas, thresholds, classes))
    first_recall = np.empty((groups, lower, thresholds, classes))
    for where, own in found:
        precision[:, where.areas, :, where.classes] = own.precision
        recall[:, where.areas, :, where.classes] = own.recall
        if where.areas.start == 0:
            first_recall[..., where.classes] = own.first_recall
    return LeftOut(precision, recall, first_recall)


def _usual(part: Part, cell: Int64, groups: int) -> Float32:
    """Return what counts at the last threshold: [steps · groups, areas · classes]."""
    rows = part.rows
    classes = part.where.classes.stop - part.where.classes.start
    # Few patterns differ in where they count: those are told apart, not area ranges.
    kinds, kind = np.unique(part.hits.usual, axis=0, return_inverse=True)
    # Rows behind the last true positive of their class change nothing: a step more, left out.
    at = (cell * classes + rows.label) * len(kinds) + kind[rows.code]
    whole = (STEPS + 1) * groups * classes
    counts = np.bincount(at, rows.counts, whole * len(kinds)).astype(np.float32)
    kept = counts.reshape(whole, len(kinds))[: STEPS * groups * classes]
    usual: Float32 = kept @ kinds.astype(np.float32)
    areas = kinds.shape[1]
    by_area = usual.reshape(STEPS * groups, classes, areas).swapaxes(1, 2)
    return by_area.reshape(STEPS * groups, areas * classes)
