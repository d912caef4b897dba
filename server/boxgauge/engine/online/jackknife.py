"""What the statistics would be without one group of images, for each group in turn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.online.window_rows import GROUPS
from boxgauge.engine.sketch.parts import Part, Where

LEFT_OUT_REPORT = "left_out_report"
# As many as the graph has.
STEPS = 16

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Curves without each group, NaN where undefined.

    Attributes:
        precision: Average precision, [groups, areas, thresholds, classes].
        recall: Recall reached, by maximum, [groups, areas, maxima, thresholds, classes].
    """

    precision: Float64
    recall: Float64


def left_out_of(engine: Engine, part: Part, positives: Int64, found: Int64) -> LeftOut:
    """Return the curves of one part.

    Args:
        engine: Holds the graph.
        part: Of rows that have groups.
        positives: Ground truths to be found, [groups, classes, areas].
        found: True positives of each curve, [groups, maxima, curves].
    """
    areas, thresholds, classes = part.curves
    of_curve = part.positives(positives)
    curves = of_curve.shape[1]
    rows, hits = part.rows, part.hits
    step = _steps(part)
    cell = (step[hits.rows] * GROUPS + rows.group[hits.rows])[hits.entry] * curves + hits.curve
    # Of no pairs numpy would return integers.
    seen, own = (
        np.bincount(cell, each, STEPS * GROUPS * curves).astype(np.float64, copy=False)
        for each in (hits.correction, hits.found)
    )
    usual = _usual(part, step).swapaxes(1, 2)
    seen.reshape(-1, areas, thresholds, classes)[:] += usual[:, :, None, :]
    axes = (STEPS, GROUPS, curves)
    inputs = {"hits": own.reshape(axes), "seen": seen.reshape(axes), "positives": of_curve}
    precision = engine.run(LEFT_OUT_REPORT, inputs)["precision"]
    return LeftOut(
        np.where(precision < 0, np.nan, precision).reshape(GROUPS, areas, thresholds, classes),
        _recall(part, of_curve, found),
    )


def _usual(part: Part, step: Int64) -> Float64:
    """Return what counts at the last threshold in each step: [steps · groups, classes, areas]."""
    rows = part.rows
    classes = part.where.classes.stop - part.where.classes.start
    # Few patterns differ in where they count: those are told apart, not area ranges.
    kinds, kind = np.unique(part.hits.usual, axis=0, return_inverse=True)
    # Rows behind the last true positive of their class change nothing: a step more, left out.
    cell = (step * GROUPS + rows.group) * classes + rows.label
    cell = cell * len(kinds) + kind[rows.code]
    whole = (STEPS + 1) * GROUPS * classes
    counts = np.bincount(cell, rows.counts, whole * len(kinds)).astype(np.float64)
    kept = counts.reshape(whole, -1)[: STEPS * GROUPS * classes]
    usual: Float64 = kept @ kinds.astype(np.float64)
    by_class: Float64 = usual.reshape(STEPS * GROUPS, classes, -1)
    return by_class


def joined_left_out(found: list[tuple[Where, LeftOut]]) -> LeftOut:
    """Return the curves of all parts as one."""
    areas = max(where.areas.stop for where, _ in found)
    classes = max(where.classes.stop for where, _ in found)
    _, _, thresholds, _ = found[0][1].precision.shape
    maxima = found[0][1].recall.shape[2]
    precision = np.empty((GROUPS, areas, thresholds, classes))
    recall = np.empty((GROUPS, areas, maxima, thresholds, classes))
    for where, own in found:
        precision[:, where.areas, :, where.classes] = own.precision
        recall[:, where.areas, :, :, where.classes] = own.recall
    return LeftOut(precision, recall)


def _steps(part: Part) -> Int64:
    """Return the step of each row; `STEPS` behind the last true positive of its class.

    A step ends with a bin that has true positives. Where a class has more such bins than there
    are steps, each step has about the same number of true positives.
    """
    rows, listed = part.rows, part.hits.rows
    classes = part.where.classes.stop - part.where.classes.start
    bins = rows.place - rows.place[:1]
    counts = np.bincount(bins[listed], rows.counts[listed], int(bins[-1]) + 1 if len(bins) else 0)
    has_hits = counts > 0
    weight = counts[has_hits]
    label = np.zeros(len(counts), np.int64)
    label[bins] = rows.label
    of_hits = label[has_hits]
    held = np.bincount(of_hits, minlength=classes)
    first = np.cumsum(held) - held
    ordinal = np.arange(len(of_hits)) - first[of_hits]
    before = np.cumsum(weight) - weight
    total = np.bincount(of_hits, weight, classes)
    share = (before - np.append(before, 0)[first][of_hits]) / total[of_hits]
    step = np.where(held[of_hits] <= STEPS, ordinal, np.floor(share * STEPS)).astype(np.int64)
    # Each bin goes with the next one that has hits, itself included.
    following: Int64 = np.cumsum(has_hits) - has_hits
    is_behind = np.append(of_hits, -1)[following] != label
    found: Int64 = np.where(is_behind, STEPS, np.append(step, STEPS)[following])
    of_row: Int64 = found[bins]
    return of_row


def _recall(part: Part, positives: Int64, found: Int64) -> Float64:
    areas, thresholds, classes = part.curves
    left = found.sum(axis=0) - found
    to_find = (positives.sum(axis=0) - positives)[:, None]
    recall = np.where(to_find > 0, left / np.maximum(to_find, 1), np.nan)
    return recall.reshape(GROUPS, -1, areas, thresholds, classes).swapaxes(1, 2)
