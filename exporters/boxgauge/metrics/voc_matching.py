"""Pascal VOC's matching: each detection answers for the object that it overlaps most."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.hits import IGNORED, TRUE_POSITIVE
from boxgauge.metrics.segments import count, expand, extent, order_within, positions, starts, take


class VocMatching(NamedTuple):
    """What happened to each detection.

    Attributes:
        match: The ground truth of its image and class that it overlaps most, the first of
            equals, or -1 where it overlaps none, int64 [d].
        overlap: Its IoU with that one, or 0, float64 [d].
        outcome: 0 false positive, 1 true positive, 2 ignored, int64 [t, d].
    """

    match: Int[Tensor, " d"]
    overlap: Float[Tensor, " d"]
    outcome: Int[Tensor, "t d"]


def match_voc(
    dt_image: Int[Tensor, " d"],
    dt_label: Int[Tensor, " d"],
    dt_boxes: Float[Tensor, "d 4"],
    dt_scores: Float[Tensor, " d"],
    gt_image: Int[Tensor, " g"],
    gt_label: Int[Tensor, " g"],
    gt_boxes: Float[Tensor, "g 4"],
    gt_difficult: Bool[Tensor, " g"],
    iou_thresholds: Float[Tensor, " t"],
    pixel: Float[Tensor, " 1"],
) -> VocMatching:
    """Match the detections of any number of images as the VOC devkit does, in float64.

    A detection has no second chance: where the object that it overlaps most was found by a
    better one, it is a false positive, whatever else it overlaps. So the choice depends on
    neither score nor threshold, and no rounds are needed.

    Args:
        dt_image: Image of each detection, from 0; images may come in any order.
        dt_label: Class of each detection, from 0. (images · classes · d²) < 2^63.
        dt_boxes: Left, top, width, height, pixels.
        dt_scores: Confidence; ties keep the order of the rows.
        gt_image: Image of each ground truth.
        gt_label: Class of each ground truth.
        gt_boxes: Left, top, width, height, pixels.
        gt_difficult: Not to be found; what overlaps it most is ignored, if by the threshold.
        iou_thresholds: Lowest overlap of a match, above 0; equality will do.
        pixel: What the last pixel adds to each side: 1 where right = left + width and
            bottom = top + height belong to the box, 0 where they are the edge behind it.

    Returns:
        See `VocMatching`. Cost: O(n log n) plus the pairs of the same image and class.

    References:
        Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010,
        Section 4.2; VOCdevkit 2012, ``VOCevaldet.m``.
    """
    classes = extent(dt_label, gt_label)
    dt_cell, gt_cell = dt_image * classes + dt_label, gt_image * classes + gt_label
    cells = extent(dt_cell, gt_cell)
    by_cell = order_within(gt_cell, torch.zeros_like(gt_boxes[:, 0]))
    gt_count = count(gt_cell, cells)
    pair_dt, place = expand(take(gt_count, dt_cell))
    pair_gt = take(by_cell, take(starts(gt_count), take(dt_cell, pair_dt)) + place)
    shared = _overlap(
        torch.index_select(dt_boxes, 0, pair_dt), torch.index_select(gt_boxes, 0, pair_gt), pixel
    )

    overlap = torch.zeros_like(dt_scores).scatter_reduce(0, pair_dt, shared, "amax")
    closest = positions((shared > 0) & (shared == take(overlap, pair_dt)))
    truths = gt_cell.shape[0]
    nobody = torch.full_like(dt_cell, truths)
    first = nobody.scatter_reduce(0, take(pair_dt, closest), take(pair_gt, closest), "amin")

    # The spare truth, that of detections which overlap none, is never reached by a threshold.
    difficult = take(torch.cat([gt_difficult, gt_difficult.new_zeros(1)]), first)
    order = order_within(dt_image, dt_scores)
    rows = torch.arange(order.shape[0], device=order.device)
    place = torch.zeros_like(order).scatter(0, order, rows)
    reaches = overlap >= iou_thresholds[:, None]
    thresholds, detections = reaches.shape
    wanted = first.expand(thresholds, detections)
    last = torch.full_like(place, detections)
    bids = torch.where(reaches, place, last)
    taker = bids.new_full((thresholds, truths + 1), detections).scatter_reduce(
        1, wanted, bids, "amin"
    )
    found = reaches & (torch.gather(taker, 1, wanted) == place)
    outcome = torch.where(reaches & difficult, IGNORED, found.long() * TRUE_POSITIVE)
    return VocMatching(torch.where(first < truths, first, -1), overlap, outcome)


def _overlap(
    dt: Float[Tensor, "n 4"], gt: Float[Tensor, "n 4"], pixel: Float[Tensor, " 1"]
) -> Float[Tensor, " n"]:
    """Return the IoU of each pair from corners, in the devkit's order of operations."""
    dx, dy, dw, dh = dt.unbind(-1)
    gx, gy, gw, gh = gt.unbind(-1)
    dt_right, dt_bottom, gt_right, gt_bottom = dx + dw, dy + dh, gx + gw, gy + gh
    width = torch.minimum(dt_right, gt_right) - torch.maximum(dx, gx) + pixel
    height = torch.minimum(dt_bottom, gt_bottom) - torch.maximum(dy, gy) + pixel
    touching = (width > 0) & (height > 0)
    shared = width * height
    union = (
        (dt_right - dx + pixel) * (dt_bottom - dy + pixel)
        + (gt_right - gx + pixel) * (gt_bottom - gy + pixel)
        - shared
    )
    one = torch.ones_like(union)
    return torch.where(touching, shared / torch.where(touching, union, one), 0.0)
