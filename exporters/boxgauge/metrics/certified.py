"""Bounds on COCO's curves where only the bin of each score is known.

Within a bin precision is lowest if all false positives come first, and highest if all true
positives do. Either way the bin's last true positive is its best, so that bins take the place
of detections. A bin of one detection leaves no doubt: both bounds are then COCO's own curve.
"""

from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from boxgauge.metrics.recall_points import last_point
from boxgauge.metrics.report import RECALL_POINTS
from boxgauge.metrics.segments import starts, take

# np.spacing(1): what pycocotools adds to the denominator of precision.
_SPACING = 2.0**-52


class CertifiedCurves(NamedTuple):
    """Bounds on pycocotools' arrays; -1 where a curve has no positives."""

    low: Float64[Tensor, "101 s"]
    """Lowest envelope of precision at each recall point."""
    high: Float64[Tensor, "101 s"]
    """Highest envelope of precision at each recall point."""


def certified_curves(
    hits: Int64[Tensor, "e"],
    correction: Int64[Tensor, "e"],
    before: Int64[Tensor, "e"],
    upto: Int64[Tensor, "e"],
    curve: Int64[Tensor, "e"],
    curve_events: Int64[Tensor, "s"],
    positives: Int64[Tensor, "s"],
    recall_points: Float64[Tensor, "101"],
) -> CertifiedCurves:
    """Return bounds on COCO's curves over all orders of the detections of a bin.

    A curve is one class and area range at one IoU threshold. Whether a detection counts, as a
    true or a false positive, hardly depends on the threshold: ``before`` and ``upto`` are of
    the last one, and the few that differ are corrections. An event is a bin with either.

    Args:
        hits: True positives of the event's bin, at least 0.
        correction: Detections of the bin that count in this curve, less those that do at the
            last threshold.
        before: Detections of the class that count at the last threshold in bins of higher
            scores.
        upto: The same, with the event's bin; below 2^53.
        curve: Ascending; within one, events stand by falling score.
        curve_events: Events of each curve.
        positives: Ground truths to be found, of each curve.
        recall_points: Evenly spaced from 0 to 1; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `CertifiedCurves`: pycocotools' own arrays, as float64, lie between the bounds
        (docs/certified-intervals.md has the proof).

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; Everingham et al., "The PASCAL Visual
        Object Classes Challenge", IJCV 2010 (interpolated precision).
    """
    curves = curve_events.shape[0]
    first = starts(curve_events)

    def within(values: Tensor) -> Tensor:
        """Return the running sums along each curve."""
        sums = torch.cat([values.new_zeros(1), torch.cumsum(values, 0)])
        return sums[1:] - take(take(sums, first), curve)

    tp, corrected = within(hits), within(correction)
    # All that counts before the bin, less the true positives among it.
    missed = before + (corrected - correction) - (tp - hits)
    # A tensor, since ONNX's optimizer takes so small a number for zero.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=hits.device)
    found = tp.double()
    # An event without a hit is no better than the hit before it.
    low = found / ((upto + corrected).double() + spacing)
    high = found / ((tp + missed).double() + spacing)

    reached = found / take(positives.clamp(min=1).double(), curve)
    cell = last_point(reached, recall_points) * curves + curve
    defined = positives > 0

    def envelope(precision: Tensor) -> Tensor:
        """Return the best precision at each recall point or beyond: [r, s]."""
        best = precision.new_zeros(RECALL_POINTS * curves)
        best = best.scatter_reduce(0, cell, precision, "amax")
        rows = best.reshape(RECALL_POINTS, curves).unbind(0)
        return torch.where(
            defined, torch.stack([*accumulate(reversed(rows), torch.maximum)][::-1]), -1.0
        )

    return CertifiedCurves(envelope(low), envelope(high))
