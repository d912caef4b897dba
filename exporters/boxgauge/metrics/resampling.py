"""COCO's curves of a resampled data set: every image counts as often as its weight says.

Nothing is matched again. What became of each detection holds in every copy of its image, so
that a resample is a weighted sum over what was matched once.
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


class ResampledCurves(NamedTuple):
    """The curves of a resample; -1 where a class has no positives in it."""

    precision: Float64[Tensor, "101 s"]
    """Envelope at each recall point."""
    recall: Float64[Tensor, "s"]
    """Recall reached."""


def resampled_curves(
    weights: Int64[Tensor, "m"],
    seen_image: Int64[Tensor, "v"],
    group_seen: Int64[Tensor, "u"],
    event_image: Int64[Tensor, "e"],
    event_seen: Int64[Tensor, "e"],
    event_hit: Int64[Tensor, "e"],
    event_correction: Int64[Tensor, "e"],
    event_curve: Int64[Tensor, "e"],
    curve_events: Int64[Tensor, "s"],
    curve_group: Int64[Tensor, "s"],
    positive_image: Int64[Tensor, "q"],
    positive_group: Int64[Tensor, "q"],
    recall_points: Float64[Tensor, "101"],
) -> ResampledCurves:
    """Return COCO's precision and recall where image i stands in the data weights[i] times.

    A group is one class, area range and maximum of detections; a curve is a group at one IoU
    threshold. Whether a detection counts, as a true or a false positive, hardly depends on
    the threshold: those that count at the last one are listed once a group. An event is a
    detection that is a true positive of a curve, or that counts there and not in that list,
    or the reverse.

    Args:
        weights: Copies of each image, at least 0. With all 1, the report's own bits.
        seen_image: Image of each detection that counts, by group, then falling score.
        group_seen: Rows of ``seen_image`` before those of each group.
        event_image: Image of each event; by curve, then falling score.
        event_seen: Rows of ``seen_image`` before and with the event.
        event_hit: 1 if it is a true positive, else 0.
        event_correction: 1 if it counts in this curve alone, -1 if there alone it does not,
            else 0.
        event_curve: Its curve, ascending.
        curve_events: Events of each curve.
        curve_group: Group of each curve.
        positive_image: Image of each ground truth to be found; once for each of its groups.
        positive_group: That group.
        recall_points: Evenly spaced from 0 to 1; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `ResampledCurves`. Copies of a detection follow one another: these are the curves
        of a data set in which the copies of an image stand side by side, unless detections
        of one image and class have equal scores.

    References:
        Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979.
    """
    curves, groups = curve_group.shape[0], group_seen.shape[0]
    own = take(weights, event_image)
    first = starts(curve_events)
    hits = _sums(own * event_hit)
    before = take(hits, first)
    found = hits[1:] - take(before, event_curve)

    seen = _sums(take(weights, seen_image))
    corrections = _sums(own * event_correction)
    skipped = take(take(seen, group_seen), curve_group) + take(corrections, first)
    counted = take(seen, event_seen) + corrections[1:] - take(skipped, event_curve)
    # A tensor, since ONNX's optimizer takes so small a number for zero.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=weights.device)
    # An event without a hit, or of weight 0, is no better than the hit before it.
    precision = found.double() / (counted.double() + spacing)

    positives = weights.new_zeros(groups).scatter_add(
        0, positive_group, take(weights, positive_image)
    )
    total = take(positives, curve_group)
    to_find = total.clamp(min=1).double()
    reached = found.double() / take(to_find, event_curve)
    place = last_point(reached, recall_points) * curves + event_curve
    best = precision.new_zeros(RECALL_POINTS * curves).scatter_reduce(0, place, precision, "amax")
    rows = best.reshape(RECALL_POINTS, curves).unbind(0)
    envelope = torch.stack([*accumulate(reversed(rows), torch.maximum)][::-1])

    recall = (take(hits, first + curve_events) - before).double() / to_find
    defined = total > 0
    return ResampledCurves(torch.where(defined, envelope, -1.0), torch.where(defined, recall, -1.0))


def _sums(values: Int64[Tensor, "n"]) -> Int64[Tensor, "n+1"]:
    """Return the sum before each value and, last, of all."""
    return torch.cat([values.new_zeros(1), torch.cumsum(values, 0)])
