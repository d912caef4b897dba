"""COCO's overlap of pairs of boxes, bit for bit."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import positions, take


class Overlaps(NamedTuple):
    """The pairs that share some area; the overlap of all others is 0.

    Attributes:
        pair: Positions of those pairs, ascending, int64 [m].
        overlap: IoU of each; against a crowd, the share of the detection that it covers.
    """

    pair: Int[Tensor, " m"]
    overlap: Float[Tensor, " m"]


class _Edges(NamedTuple):
    left: Float[Tensor, " n"]
    top: Float[Tensor, " n"]
    right: Float[Tensor, " n"]
    bottom: Float[Tensor, " n"]
    area: Float[Tensor, " n"]


def coco_overlaps(
    dt_boxes: Float[Tensor, "d 4"],
    gt_boxes: Float[Tensor, "g 4"],
    gt_crowd: Bool[Tensor, " g"],
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
) -> Overlaps:
    """Return the overlap of each pair of boxes that share some area.

    Args:
        dt_boxes: Detections: left, top, width, height, pixels, float64.
        gt_boxes: Ground truths, likewise.
        gt_crowd: Ground truths that stand for many objects.
        pair_dt: Row of each pair's detection.
        pair_gt: Row of its ground truth.

    Returns:
        Values in (0, 1]; boxes that only touch or have no area share none. The order of the
        operations is pycocotools' own, so that equal input gives equal bits.

    References:
        Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014.
    """
    dt, gt = _edges(dt_boxes), _edges(gt_boxes)

    def shared(low: int, high: int) -> Float[Tensor, " p"]:
        ends = torch.minimum(take(dt[high], pair_dt), take(gt[high], pair_gt))
        return ends - torch.maximum(take(dt[low], pair_dt), take(gt[low], pair_gt))

    width, height = shared(0, 2), shared(1, 3)
    pair = positions((width > 0) & (height > 0))
    pair_dt, pair_gt = take(pair_dt, pair), take(pair_gt, pair)
    intersection = take(width, pair) * take(height, pair)
    dt_area = take(dt.area, pair_dt)
    union = (dt_area + take(gt.area, pair_gt)) - intersection
    return Overlaps(pair, intersection / torch.where(take(gt_crowd, pair_gt), dt_area, union))


def _edges(boxes: Float[Tensor, "n 4"]) -> _Edges:
    x, y, w, h = boxes.unbind(-1)
    return _Edges(x, y, x + w, y + h, w * h)
