"""Rounds of proposals: the serial dictatorship of greedy matching, computed in parallel."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch._higher_order_ops.while_loop import while_loop

from boxgauge.metrics.segments import extent, positions, take


def accept_in_rounds(
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
    overlap: Float[Tensor, " p"],
    rising: Int[Tensor, " p"],
    crowd: Bool[Tensor, " p"],
    gt_ignored: Bool[Tensor, "a g"],
    floors: Float[Tensor, " t"],
) -> tuple[Int[Tensor, " c"], Int[Tensor, "a t c"]]:
    """Return which detections had a candidate, and the ground truth each ended with.

    Each round every detection proposes to its best ground truth that is a crowd, or is
    held by nobody or by a detection of equal or worse rank; a ground truth keeps the best
    proposer. Holders only improve, so the rounds end.

    Args:
        pair_dt: Detection of each candidate pair, by rank: ascending.
        pair_gt: Ground truth of each pair; of one detection, in the order of the file.
        overlap: Overlap of each pair.
        rising: Its rank from below, at least 0; equal overlaps share one.
        crowd: The pair's ground truth takes any number of detections.
        gt_ignored: Ground truths that are chosen only if no other will do.
        floors: Lowest overlap of a match.

    Returns:
        Detections (ascending) and, for each area range and threshold, the ground truth or -1.
    """
    pairs = pair_dt.shape[0]
    thresholds = floors.shape[0]
    ranges = gt_ignored.shape[0]
    chosen, dt = _renumber(pair_dt)
    kept_gt, gt = _renumber(pair_gt)
    detections, targets = chosen.shape[0], kept_gt.shape[0]

    # A detection prefers real before ignored, then the higher overlap, then the later one.
    place = torch.arange(pairs, device=dt.device)
    base = torch.cat([rising, place, place.new_zeros(1)]).amax(0, keepdim=True) + 1
    real = (~torch.index_select(gt_ignored, 1, pair_gt)).long()
    preference = ((real * base + rising) * base + place)[:, None, :]
    eligible = overlap >= floors[:, None]
    wish = torch.where(eligible, preference, -1).reshape(ranges * thresholds, pairs)

    wish_dt = dt.expand(ranges * thresholds, -1).clone()
    wish_gt = gt.expand(ranges * thresholds, -1).clone()
    # The exporter's loop may close over tensors, not over sizes: hence these, made once.
    no_wish = wish.new_full((ranges * thresholds, detections), -1)
    unheld = wish.new_full((ranges * thresholds, targets), detections)
    nobody = unheld.new_full((1, 1), detections)

    def propose(holder: Tensor) -> Tensor:
        """Return each detection's best wish that no better one holds, or -1."""
        free = crowd | (torch.gather(holder, 1, wish_gt) >= wish_dt)
        return no_wish.scatter_reduce(1, wish_dt, torch.where(free, wish, -1), "amax")

    def accept(best: Tensor) -> Tensor:
        """Return each ground truth's best proposer; crowds hold nobody."""
        proposed = (wish >= 0) & (torch.gather(best, 1, wish_dt) == wish) & ~crowd
        return unheld.scatter_reduce(1, wish_gt, torch.where(proposed, wish_dt, nobody), "amin")

    def step(holder: Tensor, _moving: Tensor) -> tuple[Tensor, Tensor]:
        new = accept(propose(holder))
        # Not any(): its ONNX form is a maximum, which over nothing is not zero.
        return new, (new != holder).long().sum() > 0

    holder = unheld.clone()
    moving = torch.ones((), dtype=torch.bool, device=dt.device)
    if torch.compiler.is_exporting():
        holder, moving = while_loop(  # type: ignore[no-untyped-call]  # torch has no types here
            lambda _holder, moving: moving.clone(), step, (holder, moving)
        )
    else:
        while bool(moving):
            holder, moving = step(holder, moving)

    best = propose(holder).reshape(ranges, thresholds, detections)
    # The last part of a wish is its pair; a spare row keeps the look-up legal without pairs.
    spare = torch.cat([pair_gt, pair_gt.new_zeros(1)])
    taken = take(spare, torch.remainder(best.clamp(min=0), base).reshape(-1)).reshape(best.shape)
    return chosen, torch.where(best >= 0, taken, -1)


def _renumber(ids: Int[Tensor, " n"]) -> tuple[Int[Tensor, " m"], Int[Tensor, " n"]]:
    """Return the distinct ids, ascending, and the place of each id among them."""
    size = extent(ids)
    seen = ids.new_zeros(size).scatter(0, ids, torch.ones_like(ids))
    return positions(seen > 0), take(torch.cumsum(seen, 0) - 1, ids)
