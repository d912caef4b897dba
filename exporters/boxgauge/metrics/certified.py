"""Bounds on COCO's curves where only the bin of each score is known.

Within a bin precision is lowest if all false positives come first, and highest if all true
positives do. Either way the bin's last true positive is its best, so that bins take the place
of detections.
"""

from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from boxgauge.metrics.recall_points import last_point
from boxgauge.metrics.report import RECALL_POINTS
from boxgauge.metrics.segments import count, positions, size, starts, take

_FALSE_POSITIVE, _TRUE_POSITIVE = 0, 1

# np.spacing(1): what pycocotools adds to the denominator of precision.
_SPACING = 2.0**-52


class CertifiedCurves(NamedTuple):
    """Bounds on pycocotools' arrays; -1 where a class has no positives in an area range."""

    low: Float64[Tensor, "t 101 k a m"]
    """Lowest envelope of precision at each recall point."""
    high: Float64[Tensor, "t 101 k a m"]
    """Highest envelope of precision at each recall point."""
    recall: Float64[Tensor, "t k a m"]
    """Recall reached; it does not depend on the order."""


def certified_curves(
    label: Int64[Tensor, "n"],
    score_bin: Int64[Tensor, "n"],
    code: Int64[Tensor, "n"],
    counts: Int64[Tensor, "n m"],
    outcomes: Int64[Tensor, "p a t"],
    positives: Int64[Tensor, "k a"],
    recall_points: Float64[Tensor, "101"],
) -> CertifiedCurves:
    """Return bounds on COCO's curves over all orders of the detections of a bin.

    Args:
        label: Class of the row's detections, from 0 to k - 1, ascending.
        score_bin: Their bin; within a class equal ones stand together, falling in score.
        code: Row of ``outcomes`` that says what became of them.
        counts: How many there are, by maximum of detections; their sum is below 2^53.
        outcomes: Patterns over area ranges and thresholds: 0 false positive, 1 true positive,
            2 ignored. At least one row.
        positives: Ground truths to be found.
        recall_points: Evenly spaced from 0 to 1; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `CertifiedCurves`: pycocotools' own arrays, as float64, lie between the bounds
        (docs/certified-intervals.md has the proof).

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; Everingham et al., "The PASCAL Visual
        Object Classes Challenge", IJCV 2010 (interpolated precision).
    """
    (classes, ranges), (_, _, thresholds) = positives.shape, outcomes.shape
    limits = counts.shape[1]
    width = limits * ranges * thresholds
    detections = count(label, classes)
    class_first = starts(detections)
    first, end, of_class = _bins_with_hits(label, score_bin, code, outcomes)
    class_start = take(class_first, of_class)

    def upto(outcome: int) -> Tensor:
        """Return how many there are before each row and, last, in all: [n + 1, m·a·t]."""
        is_it = (outcomes == outcome).double().reshape(-1, ranges * thresholds)
        of_row = torch.index_select(is_it, 0, code)[:, None, :] * counts.double()[:, :, None]
        sums = torch.cumsum(of_row.reshape(label.shape[0], width), 0)
        return torch.cat([sums.new_zeros(1, width), sums])

    hits, misses = upto(_TRUE_POSITIVE), upto(_FALSE_POSITIVE)
    tp = torch.index_select(hits, 0, end) - torch.index_select(hits, 0, class_start)
    missed = torch.index_select(misses, 0, class_start)
    # A tensor, since ONNX's optimizer takes so small a number for zero.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=label.device)
    low = tp / (tp + (torch.index_select(misses, 0, end) - missed) + spacing)
    high = tp / (tp + (torch.index_select(misses, 0, first) - missed) + spacing)

    axes = (limits, ranges, thresholds)
    to_find = torch.index_select(positives.clamp(min=1).double(), 0, of_class)
    reached = tp.reshape(tp.shape[0], *axes) / to_find[:, None, :, None]
    column = of_class[:, None] * width + torch.arange(width, device=label.device)
    point = last_point(reached.reshape(-1), recall_points)
    cell = point * (classes * width) + column.reshape(-1)

    defined = (positives > 0)[:, None, :, None]

    def envelope(precision: Tensor) -> Tensor:
        """Return the best precision at each recall point or beyond: [t, r, k, a, m]."""
        best = precision.new_zeros(RECALL_POINTS * classes * width)
        best = best.scatter_reduce(0, cell, precision.reshape(-1), "amax")
        rows = best.reshape(RECALL_POINTS, -1).unbind(0)
        found = torch.stack([*accumulate(reversed(rows), torch.maximum)][::-1])
        found = torch.where(defined, found.reshape(RECALL_POINTS, classes, *axes), -1.0)
        return found.permute(4, 0, 1, 3, 2).contiguous()

    found = torch.index_select(hits, 0, class_first + detections)
    found = found - torch.index_select(hits, 0, class_first)
    recall = found.reshape(classes, *axes) / positives.clamp(min=1).double()[:, None, :, None]
    return CertifiedCurves(
        envelope(low),
        envelope(high),
        torch.where(defined, recall, -1.0).permute(3, 0, 2, 1).contiguous(),
    )


def _bins_with_hits(
    label: Int64[Tensor, "n"],
    score_bin: Int64[Tensor, "n"],
    code: Int64[Tensor, "n"],
    outcomes: Int64[Tensor, "p a t"],
) -> tuple[Int64[Tensor, "b"], Int64[Tensor, "b"], Int64[Tensor, "b"]]:
    """Return first row, end and class of each bin in which anything is a true positive."""
    rows = torch.arange(label.shape[0], device=label.device)
    # A look-up, not a slice: a slice would guard against short inputs in the exported graph.
    before = (rows - 1).clamp(min=0)
    begins = (take(label, before) != label) | (take(score_bin, before) != score_bin) | (rows == 0)
    first = positions(begins)
    bins = size(begins.long().sum())
    place = torch.cumsum(begins.long(), 0) - 1
    end = first + count(place, bins)
    is_hit = (outcomes == _TRUE_POSITIVE).reshape(outcomes.shape[0], -1).long().amax(1)
    has_hit = positions(first.new_zeros(bins).scatter_add(0, place, take(is_hit, code)) > 0)
    first = take(first, has_hit)
    return first, take(end, has_hit), take(label, first)
