"""COCO's overlap of pairs of boxes, bit for bit."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import positions, take


class Corners(NamedTuple):
    """Boxes by columns, pixels and px², float64 [n]."""

    left: Float[Tensor, " n"]
    top: Float[Tensor, " n"]
    right: Float[Tensor, " n"]
    bottom: Float[Tensor, " n"]
    area: Float[Tensor, " n"]


class Overlaps(NamedTuple):
    """The pairs that share some area; the overlap of all others is 0.

    Attributes:
        pair: Positions of those pairs, ascending, int64 [m].
        overlap: IoU of each; against a crowd, the share of the detection that it covers.
    """

    pair: Int[Tensor, " m"]
    overlap: Float[Tensor, " m"]


def corners(boxes: Float[Tensor, "n 4"]) -> Corners:
    """Return the corners and areas of boxes given as left, top, width, height."""
    x, y, w, h = boxes.T.contiguous().unbind()
    return Corners(x, y, x + w, y + h, w * h)


def coco_overlap(
    dt: Float[Tensor, "n 4"], gt: Float[Tensor, "n 4"], crowd: Bool[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Return the overlap of boxes that are paired by row, 0 where they share no area.

    Args:
        dt: Detections: left, top, width, height, pixels, float64.
        gt: Ground truths, likewise.
        crowd: Ground truths that stand for many objects.

    Returns:
        Values in [0, 1]: see `coco_overlaps`.
    """
    row = torch.arange(dt.shape[0], device=dt.device)
    found = coco_overlaps(corners(dt), corners(gt), crowd, row, row)
    return dt.new_zeros(dt.shape[0]).scatter(0, found.pair, found.overlap)


def coco_overlaps(
    dt: Corners,
    gt: Corners,
    gt_crowd: Bool[Tensor, " g"],
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
) -> Overlaps:
    """Return the overlap of each pair of boxes that share some area.

    Args:
        dt: Detections.
        gt: Ground truths.
        gt_crowd: Ground truths that stand for many objects.
        pair_dt: Row of each pair's detection.
        pair_gt: Row of its ground truth.

    Returns:
        Values in (0, 1]; boxes that only touch or have no area share none. The order of the
        operations is pycocotools' own, so that equal input gives equal bits.

    References:
        Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014.
    """
    width = _shared(dt.left, dt.right, gt.left, gt.right, pair_dt, pair_gt)
    height = _shared(dt.top, dt.bottom, gt.top, gt.bottom, pair_dt, pair_gt)
    pair = positions((width > 0) & (height > 0))
    pair_dt, pair_gt = take(pair_dt, pair), take(pair_gt, pair)
    intersection = take(width, pair) * take(height, pair)
    dt_area = take(dt.area, pair_dt)
    union = (dt_area + take(gt.area, pair_gt)) - intersection
    return Overlaps(pair, intersection / torch.where(take(gt_crowd, pair_gt), dt_area, union))


def _shared(
    dt_low: Float[Tensor, " d"],
    dt_high: Float[Tensor, " d"],
    gt_low: Float[Tensor, " g"],
    gt_high: Float[Tensor, " g"],
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
) -> Float[Tensor, " p"]:
    """Return the length that both of each pair cover along one axis, negative between them."""
    end = torch.minimum(take(dt_high, pair_dt), take(gt_high, pair_gt))
    return end - torch.maximum(take(dt_low, pair_dt), take(gt_low, pair_gt))
