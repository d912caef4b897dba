"""COCO's curves of a resampled data set: every image counts as often as its weight says.

Nothing is matched again. What became of each detection holds in every copy of its image, so
that a resample is a weighted sum over what was matched once.
"""

from itertools import accumulate
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from boxgauge.metrics.report import RECALL_POINTS
from boxgauge.metrics.segments import count, starts, take

# np.spacing(1): what pycocotools adds to the denominator of precision.
_SPACING = 2.0**-52


class ResampledCurves(NamedTuple):
    """The curves of a resample; -1 where a class has no positives in it."""

    precision: Float64[Tensor, "s 101"]
    """Envelope at each recall point."""
    recall: Float64[Tensor, "s"]
    """Recall reached."""
    positives: Int64[Tensor, "u"]
    """Ground truths to be found, by group, copies counted."""


def resampled_curves(
    weights: Int64[Tensor, "m"],
    image: Int64[Tensor, "n"],
    counted: Bool[Tensor, "c n"],
    event_row: Int64[Tensor, "e"],
    event_curve: Int64[Tensor, "e"],
    event_hit: Bool[Tensor, "e"],
    event_correction: Int64[Tensor, "e"],
    curve_group: Int64[Tensor, "s"],
    group_slice: Int64[Tensor, "u"],
    group_first: Int64[Tensor, "u"],
    positive_image: Int64[Tensor, "q"],
    positive_group: Int64[Tensor, "q"],
    recall_points: Float64[Tensor, "101"],
) -> ResampledCurves:
    """Return COCO's precision and recall where image i stands in the data weights[i] times.

    Detections come sorted by class, then falling score. A slice is an area range with a
    maximum of detections; a group is a slice of one class; a curve is a group at one IoU
    threshold. An event is a detection that is a true positive of a curve, or that counts
    there and not at the slice's last threshold, or the reverse.

    Args:
        weights: Copies of each image, at least 0. With all 1, the report's own bits.
        image: Image of each detection.
        counted: Whether it counts, as a true or a false positive, at its slice's last threshold.
        event_row: Detection of each event; ascending within a curve.
        event_curve: Its curve, ascending.
        event_hit: It is a true positive there.
        event_correction: 1 if it counts there alone, -1 if there alone it does not, else 0.
        curve_group: Group of each curve.
        group_slice: Slice of each group.
        group_first: First detection of the group's class.
        positive_image: Image of each ground truth to be found; once for each of its groups.
        positive_group: That group.
        recall_points: Evenly spaced from 0 to 1; COCO's are ``np.linspace(0, 1, 101)``.

    Returns:
        See `ResampledCurves`. Copies of a detection follow one another; equal to the curves of
        a data set in which the copies of an image stand side by side, unless detections of
        one image and class have equal scores.

    References:
        Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979.
    """
    curves, groups = curve_group.shape[0], group_slice.shape[0]
    copies = take(weights, image)
    upto = _sums((counted.long() * copies).reshape(-1))
    slice_first = group_slice * image.shape[0]
    before = take(upto, slice_first + group_first)

    group = take(curve_group, event_curve)
    own = take(copies, event_row)
    first = starts(count(event_curve, curves))
    found = _running(own * event_hit.long(), first, event_curve)
    correction = _running(own * event_correction, first, event_curve)
    seen = take(upto, take(slice_first, group) + event_row + 1) - take(before, group)
    # Zero would do as well as a small number for ONNX's optimizer: hence a tensor.
    spacing = torch.tensor([_SPACING], dtype=torch.float64, device=weights.device)
    # An event without a hit, or of weight 0, is no better than the hit before it.
    precision = found.double() / ((seen + correction).double() + spacing)

    positives = weights.new_zeros(groups).scatter_add(
        0, positive_group, take(weights, positive_image)
    )
    total = take(positives, curve_group)
    reached = found.double() / take(total, event_curve).clamp(min=1).double()
    place = _last_point(reached, recall_points) * curves + event_curve
    best = precision.new_zeros(RECALL_POINTS * curves).scatter_reduce(0, place, precision, "amax")
    rows = best.reshape(RECALL_POINTS, curves).unbind(0)
    envelope = torch.stack([*accumulate(reversed(rows), torch.maximum)][::-1], 1)

    hits = total.new_zeros(curves).scatter_add(0, event_curve, own * event_hit.long())
    recall = hits.double() / total.clamp(min=1).double()
    defined = total > 0
    return ResampledCurves(
        torch.where(defined[:, None], envelope, -1.0),
        torch.where(defined, recall, -1.0),
        positives,
    )


def _running(
    values: Int64[Tensor, "e"], first: Int64[Tensor, "s"], curve: Int64[Tensor, "e"]
) -> Int64[Tensor, "e"]:
    """Return the sum up to and with each event of its curve."""
    upto = _sums(values)
    return upto[1:] - take(take(upto, first), curve)


def _sums(values: Int64[Tensor, "n"]) -> Int64[Tensor, "n+1"]:
    """Return the sum before each value and, last, of all."""
    return torch.cat([values.new_zeros(1), torch.cumsum(values, 0)])


def _last_point(
    reached: Float64[Tensor, "e"], recall_points: Float64[Tensor, "101"]
) -> Int64[Tensor, "e"]:
    """Return the last recall point that each recall reaches."""
    last = RECALL_POINTS - 1
    guess = torch.floor(reached * last).long().clamp(max=last)
    # The product rounds, the points themselves decide: the answer is the guess or next to it.
    above = (guess + 1).clamp(max=last)
    guess = torch.where(take(recall_points, above) <= reached, above, guess)
    return torch.where(take(recall_points, guess) > reached, guess - 1, guess)
