"""The overlaps of all boxes that share an image, whatever their classes."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.overlap import coco_overlap
from boxgauge.metrics.segments import count, expand, extent, order_within, positions, starts, take


class ImageOverlaps(NamedTuple):
    """Pairs of a detection and a ground truth of one image, by detection, then ground truth.

    Attributes:
        pair_dt: Row of the detection, int64 [p].
        pair_gt: Row of the ground truth, int64 [p].
        overlap: As `coco_overlap` has it, float64 [p].
    """

    pair_dt: Int[Tensor, " p"]
    pair_gt: Int[Tensor, " p"]
    overlap: Float[Tensor, " p"]


def image_overlaps(
    dt_image: Int[Tensor, " d"],
    dt_boxes: Float[Tensor, "d 4"],
    gt_image: Int[Tensor, " g"],
    gt_boxes: Float[Tensor, "g 4"],
    gt_crowd: Bool[Tensor, " g"],
    least: Float[Tensor, " 1"],
) -> ImageOverlaps:
    """Return all pairs of one image that overlap by at least ``least``, across classes.

    Args:
        dt_image: Image of each detection, from 0; images may come in any order.
        dt_boxes: Left, top, width, height, pixels.
        gt_image: Image of each ground truth.
        gt_boxes: Left, top, width, height, pixels.
        gt_crowd: Stands for many objects: the overlap is the share of the detection.
        least: Lowest overlap of a pair, above 0: pairs that do not touch are nobody's.

    Returns:
        See `ImageOverlaps`. Cost: linear in the pairs that share an image, which all are
        looked at; a detection's pairs do not depend on other detections.

    References:
        Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014 (the overlap).
    """
    images = extent(dt_image, gt_image)
    by_image = order_within(gt_image, torch.zeros_like(gt_boxes[:, 0]))
    gt_count = count(gt_image, images)
    pair_dt, place = expand(take(gt_count, dt_image))
    pair_gt = take(by_image, take(starts(gt_count), take(dt_image, pair_dt)) + place)
    overlap = coco_overlap(
        torch.index_select(dt_boxes, 0, pair_dt),
        torch.index_select(gt_boxes, 0, pair_gt),
        take(gt_crowd, pair_gt),
    )
    near = positions(overlap >= least)
    return ImageOverlaps(take(pair_dt, near), take(pair_gt, near), take(overlap, near))
