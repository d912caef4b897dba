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

from boxgauge.metrics.overlap import coco_overlaps, corners
from boxgauge.metrics.reach import within_reach
from boxgauge.metrics.rounds import accept_in_rounds
from boxgauge.metrics.segments import (
    count,
    dense_rank,
    expand,
    extent,
    grouped,
    order_within,
    positions,
    starts,
    take,
    take_columns,
)

# pycocotools asks for min(t, 1 - 1e-10), so that a perfect overlap passes t = 1.
_ALMOST_ONE = 1 - 1e-10


class Matching(NamedTuple):
    """What happened to each detection.

    Most detections overlap no ground truth of their class enough. Only the others have a
    column in ``match`` and ``ignored``: all that have none are unmatched, and ignored where
    they are ``outside``.

    Attributes:
        rank: Place by score among the detections of its image and class, int64 [d];
            from ``max_detections`` on a detection was not evaluated.
        candidate: Detection of each column, in no particular order, int64 [c].
        match: Index of the ground truth it matched, or -1, int64 [a, t, c].
        ignored: Counts neither way, bool [a, t, c].
        outside: The detection's own area is out of range, bool [a, d].
        gt_ignored: Ground truths that need not be found, bool [a, g].
    """

    rank: Int[Tensor, " d"]
    candidate: Int[Tensor, " c"]
    match: Int[Tensor, "a t c"]
    ignored: Bool[Tensor, "a t c"]
    outside: Bool[Tensor, "a d"]
    gt_ignored: Bool[Tensor, "a g"]


class _Pairs(NamedTuple):
    """Candidate pairs by detection; of one detection, the best liked first."""

    dt: Int[Tensor, " p"]
    gt: Int[Tensor, " p"]
    overlap: Float[Tensor, " p"]

    def take(self, index: Int[Tensor, " q"]) -> "_Pairs":
        """Return the pairs at these positions."""
        return _Pairs(*(take(column, index) for column in self))


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
        iou_thresholds: Lowest overlap of a match, above 0.
        area_ranges: Lowest and highest area, both inclusive, px².
        max_detections: Detections evaluated an image and class, best first.

    Returns:
        See `Matching`. Cost: O(n log n) plus contested pairs · thresholds · ranges a round;
        realistic data need about 2 rounds, n equal boxes n.

    References:
        Lin et al., "Microsoft COCO", ECCV 2014; semantics of pycocotools 2.0.11.
    """
    classes = extent(dt_label, gt_label)
    dt_cell = dt_image * classes + dt_label
    gt_cell = gt_image * classes + gt_label
    cells = extent(dt_cell, gt_cell)

    order = order_within(dt_cell, dt_scores)
    cell = take(dt_cell, order)
    rank = torch.arange(order.shape[0], device=order.device)
    rank = rank - take(starts(count(dt_cell, cells)), cell)
    gt_ignored = gt_crowd | gt_ignore | _outside(gt_areas, area_ranges)
    dt, gt = corners(dt_boxes), corners(gt_boxes)
    outside = _outside(dt.area, area_ranges)

    # Candidate pairs: same image and class, evaluated, overlapping enough for one threshold.
    by_cell = grouped(gt_cell)
    gt_count = count(gt_cell, cells)
    pair_dt, place = expand(take(gt_count, cell) * (rank < max_detections))
    pair_gt = take(by_cell, take(take(starts(gt_count), cell), pair_dt) + place)
    shared, overlap = coco_overlaps(dt, gt, gt_crowd, take(order, pair_dt), pair_gt)
    # A tensor, since the exporter rounds Python's numbers to float32.
    most = torch.tensor([_ALMOST_ONE], dtype=torch.float64, device=order.device)
    floors = torch.minimum(iou_thresholds, most)
    near = positions(overlap >= floors.amin(0))
    shared, overlap = take(shared, near), take(overlap, near)

    pairs = _by_liking(_Pairs(take(pair_dt, shared), take(pair_gt, shared), overlap))
    pair_ignored = take_columns(gt_ignored, pairs.gt)
    reached = within_reach(pairs.dt, take(rank, pairs.dt), pair_ignored, order.shape[0])
    chosen, match = _assign(pairs.take(reached), gt_crowd, gt_ignored, floors)
    candidate = take(order, chosen)
    return Matching(
        torch.zeros_like(rank).scatter(0, order, rank),
        candidate,
        match,
        _ignored(match, gt_ignored, take_columns(outside, candidate)),
        outside,
        gt_ignored,
    )


def _by_liking(pairs: _Pairs) -> _Pairs:
    """Return the pairs by detection, then falling overlap, then the later ground truth first."""
    n = pairs.dt.shape[0]
    place = torch.arange(n, device=pairs.dt.device)
    key = (pairs.dt * n + dense_rank(pairs.overlap)) * n + (n - 1 - place)
    return pairs.take(torch.sort(key)[1])


def _assign(
    pairs: _Pairs,
    gt_crowd: Bool[Tensor, " g"],
    gt_ignored: Bool[Tensor, "a g"],
    floors: Float[Tensor, " t"],
) -> tuple[Int[Tensor, " c"], Int[Tensor, "a t c"]]:
    """Return the detections of the pairs and the ground truth each ended with, or -1."""
    crowd = take(gt_crowd, pairs.gt)
    others_of_dt = take(count(pairs.dt, extent(pairs.dt)), pairs.dt) > 1
    others_of_gt = take(count(pairs.gt, extent(pairs.gt)), pairs.gt) > 1
    contested = others_of_dt | (others_of_gt & ~crowd)

    # Most pairs have no rival: their threshold alone decides.
    sole = pairs.take(positions(~contested))
    alone = torch.where(sole.overlap >= floors[:, None], sole.gt, -1)
    rivals = positions(contested)
    chosen, match = accept_in_rounds(*pairs.take(rivals), take(crowd, rivals), gt_ignored, floors)
    alone = alone.expand(gt_ignored.shape[0], -1, -1)
    return torch.cat([sole.dt, chosen]), torch.cat([alone, match], 2)


def _ignored(
    match: Int[Tensor, "a t c"], gt_ignored: Bool[Tensor, "a g"], outside: Bool[Tensor, "a c"]
) -> Bool[Tensor, "a t c"]:
    """Return what counts neither way: by its ground truth, or if unmatched by its own area."""
    # A spare column keeps the look-up legal where there is no ground truth at all.
    spare = torch.cat([gt_ignored, gt_ignored.new_zeros(gt_ignored.shape[0], 1)], 1)
    by_gt = torch.gather(spare, 1, match.clamp(min=0).flatten(1)).reshape(match.shape)
    # ONNX Runtime has no Where on booleans.
    return ((match >= 0) & by_gt) | ((match < 0) & outside[:, None, :])


def _outside(areas: Float[Tensor, " n"], ranges: Float[Tensor, "a 2"]) -> Bool[Tensor, "a n"]:
    low, high = ranges.unbind(-1)
    return (areas < low[:, None]) | (areas > high[:, None])
