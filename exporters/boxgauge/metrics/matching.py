"""COCO's greedy matching as deferred acceptance: all images and thresholds at once.

Greedy matching lets detections choose in order of score. With that one order as the
priority of every ground truth, its result is the unique stable matching, which rounds
of proposals reach without a loop over detections (Gale and Shapley, "College Admissions
and the Stability of Marriage", 1962).
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.overlap import coco_overlap
from boxgauge.metrics.reach import within_reach
from boxgauge.metrics.rounds import accept_in_rounds
from boxgauge.metrics.segments import (
    count,
    dense_rank,
    expand,
    extent,
    order_within,
    positions,
    starts,
    take,
)

# pycocotools asks for min(t, 1 - 1e-10), so that a perfect overlap passes t = 1.
_ALMOST_ONE = 1 - 1e-10


class Matching(NamedTuple):
    """What happened to each detection.

    Attributes:
        rank: Place by score among the detections of its image and class, int64 [d];
            from ``max_detections`` on a detection was not evaluated.
        match: Index of the ground truth it matched, or -1, int64 [a, t, d].
        ignored: Counts neither way, bool [a, t, d].
        gt_ignored: Ground truths that need not be found, bool [a, g].
    """

    rank: Int[Tensor, " d"]
    match: Int[Tensor, "a t d"]
    ignored: Bool[Tensor, "a t d"]
    gt_ignored: Bool[Tensor, "a g"]


def match_detections(
    dt_image: Int[Tensor, " d"],
    dt_label: Int[Tensor, " d"],
    dt_boxes: Float[Tensor, "d 4"],
    dt_scores: Float[Tensor, " d"],
    gt_image: Int[Tensor, " g"],
    gt_label: Int[Tensor, " g"],
    gt_boxes: Float[Tensor, "g 4"],
    gt_areas: Float[Tensor, " g"],
    gt_crowd: Bool[Tensor, " g"],
    gt_ignore: Bool[Tensor, " g"],
    iou_thresholds: Float[Tensor, " t"],
    area_ranges: Float[Tensor, "a 2"],
    max_detections: Int[Tensor, " 1"],
) -> Matching:
    """Match the detections of any number of images as COCO does, in float64.

    Args:
        dt_image: Image of each detection, from 0; images may come in any order.
        dt_label: Class of each detection, from 0. (images · classes · d²) < 2^63.
        dt_boxes: Left, top, width, height, pixels.
        dt_scores: Confidence; ties keep the order of the rows.
        gt_image: Image of each ground truth.
        gt_label: Class of each ground truth.
        gt_boxes: Left, top, width, height, pixels.
        gt_areas: Area that decides the size range, px².
        gt_crowd: Stands for many objects: matched any number of times, never counted.
        gt_ignore: Not to be counted either way.
        iou_thresholds: Lowest overlap of a match.
        area_ranges: Lowest and highest area, both inclusive, px².
        max_detections: Detections evaluated an image and class, best first.

    Returns:
        See `Matching`. Cost: O(n log n) plus pairs · thresholds · ranges a round;
        realistic data need 3 to 5 rounds, n equal boxes n + 1.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; semantics of pycocotools 2.0.11.
    """
    classes = extent(dt_label, gt_label)
    dt_cell = dt_image * classes + dt_label
    gt_cell = gt_image * classes + gt_label
    cells = extent(dt_cell, gt_cell)

    order = order_within(dt_cell, dt_scores)
    cell = take(dt_cell, order)
    first = torch.index_select(starts(count(dt_cell, cells)), 0, cell)
    rank = torch.arange(order.shape[0], device=order.device) - first
    gt_ignored = gt_crowd | gt_ignore | _outside(gt_areas, area_ranges)

    # Candidate pairs: same image and class, evaluated, overlapping enough for one threshold.
    by_cell = order_within(gt_cell, torch.zeros_like(gt_areas))
    gt_count = count(gt_cell, cells)
    mates = take(gt_count, cell) * (rank < max_detections)
    pair_dt, place = expand(mates)
    pair_cell = take(cell, pair_dt)
    pair_gt = take(by_cell, take(starts(gt_count), pair_cell) + place)
    boxes = torch.index_select(dt_boxes, 0, take(order, pair_dt))
    crowd = take(gt_crowd, pair_gt)
    overlap = coco_overlap(boxes, torch.index_select(gt_boxes, 0, pair_gt), crowd)
    # A tensor, since the exporter rounds Python's numbers to float32.
    most = torch.tensor([_ALMOST_ONE], dtype=torch.float64, device=order.device)
    floors = torch.minimum(iou_thresholds, most)
    near = positions(overlap >= floors.amin(0))
    pair_dt, pair_gt, overlap = take(pair_dt, near), take(pair_gt, near), take(overlap, near)
    falling = dense_rank(overlap)
    ignored = torch.index_select(gt_ignored, 1, pair_gt)
    some = within_reach(pair_dt, falling, take(rank, pair_dt), ignored, order.shape[0])

    chosen, match = accept_in_rounds(
        take(pair_dt, some),
        take(pair_gt, some),
        take(overlap, some),
        take(near.shape[0] - falling, some),
        take(take(crowd, near), some),
        gt_ignored,
        floors,
    )
    areas = dt_boxes[:, 2] * dt_boxes[:, 3]
    outside = _outside(areas, area_ranges)
    return Matching(
        torch.zeros_like(rank).scatter(0, order, rank),
        *_spread(take(order, chosen), match, gt_ignored, outside),
        gt_ignored,
    )


def _spread(
    columns: Int[Tensor, " c"],
    match: Int[Tensor, "a t c"],
    gt_ignored: Bool[Tensor, "a g"],
    outside: Bool[Tensor, "a d"],
) -> tuple[Int[Tensor, "a t d"], Bool[Tensor, "a t d"]]:
    """Put the matches of some detections among all, which are unmatched otherwise."""
    ranges, thresholds, _ = match.shape
    matched = match >= 0
    # A spare column keeps the look-up legal where there is no ground truth at all.
    spare = torch.cat([gt_ignored, gt_ignored.new_zeros(ranges, 1)], 1)
    flat = match.clamp(min=0).reshape(ranges, -1)
    by_gt = torch.gather(spare, 1, flat).reshape(match.shape)
    by_area = torch.index_select(outside, 1, columns)[:, None, :]
    # ONNX Runtime has no Where on booleans.
    ignored = (matched & by_gt) | (~matched & by_area)

    where = columns.expand(ranges, thresholds, -1)
    all_outside = outside[:, None, :].expand(-1, thresholds, -1)
    nobody = torch.full_like(all_outside, -1, dtype=torch.int64)
    return nobody.scatter(2, where, match), all_outside.clone().scatter(2, where, ignored)


def _outside(areas: Float[Tensor, " n"], ranges: Float[Tensor, "a 2"]) -> Bool[Tensor, "a n"]:
    low, high = ranges.unbind(-1)
    return (areas < low[:, None]) | (areas > high[:, None])
