"""Rounds of proposals: the serial dictatorship of greedy matching, computed in parallel."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch._higher_order_ops.while_loop import while_loop

from boxgauge.metrics.segments import extent, positions, take, take_columns


def accept_in_rounds(
    pair_dt: Int[Tensor, " p"],
    pair_gt: Int[Tensor, " p"],
    overlap: Float[Tensor, " p"],
    crowd: Bool[Tensor, " p"],
    gt_ignored: Bool[Tensor, "a g"],
    floors: Float[Tensor, " t"],
) -> tuple[Int[Tensor, " c"], Int[Tensor, "a t c"]]:
    """Return which detections had a candidate, and the ground truth each ended with.

    At first every detection proposes to its best ground truth. Each round a ground truth
    keeps the best proposer, and every detection proposes to its best ground truth that is a
    crowd, or is held by nobody or by a detection of equal or worse rank. Holders only
    improve, so the rounds end: once nobody who lost has another wish.

    Args:
        pair_dt: Detection of each candidate pair, by rank: ascending.
        pair_gt: Ground truth of each pair; of one detection, the best liked first.
        overlap: Overlap of each pair.
        crowd: The pair's ground truth takes any number of detections.
        gt_ignored: Ground truths that are chosen only if no other will do.
        floors: Lowest overlap of a match.

    Returns:
        Detections (ascending) and, for each area range and threshold, the ground truth or -1.
    """
    ranges, thresholds, pairs = gt_ignored.shape[0], floors.shape[0], pair_dt.shape[0]
    chosen, dt = _renumber(pair_dt)
    kept_gt, gt = _renumber(pair_gt)

    # A wish is its pair, or behind all real ones if ignored: the lowest is the dearest.
    place = torch.arange(pairs, dtype=torch.int32, device=dt.device)
    behind = take_columns(gt_ignored, pair_gt).int() * pairs
    never = place.new_zeros(1) + 2 * pairs
    eligible = overlap >= floors[:, None]
    wish = torch.where(eligible, (place + behind)[:, None, :], never).flatten(0, 1)

    shape = (ranges * thresholds, -1)
    wish_dt, wish_gt = dt.expand(shape).clone(), gt.expand(shape).clone()
    suitor = wish_dt.int()
    # The exporter's loop may close over tensors, not over sizes: hence these, made once.
    no_wish = never.expand(ranges * thresholds, chosen.shape[0]).clone()
    unheld = never.expand(ranges * thresholds, kept_gt.shape[0]).clone()

    def accept(best: Tensor) -> Tensor:
        """Return each ground truth's best proposer; crowds hold nobody."""
        proposed = (torch.gather(best, 1, wish_dt) == wish) & (wish < never) & ~crowd
        return unheld.scatter_reduce(1, wish_gt, torch.where(proposed, suitor, never), "amin")

    def propose(holder: Tensor) -> Tensor:
        """Return each detection's best wish that no better one holds."""
        free = (torch.gather(holder, 1, wish_gt) >= suitor) | crowd
        return no_wish.scatter_reduce(1, wish_dt, torch.where(free, wish, never), "amin")

    def step(best: Tensor, _moving: Tensor) -> tuple[Tensor, Tensor]:
        new = propose(accept(best))
        # Not any(): its ONNX form is a maximum, which over nothing is not zero.
        return new, ((new != best) & (new < never)).float().sum() > 0

    best = no_wish.scatter_reduce(1, wish_dt, wish, "amin")
    moving = torch.ones((), dtype=torch.bool, device=dt.device)
    if torch.compiler.is_exporting():
        best, moving = while_loop(  # type: ignore[no-untyped-call]  # torch has no types here
            lambda _best, moving: moving.clone(), step, (best, moving)
        )
    else:
        while bool(moving):
            best, moving = step(best, moving)

    # A spare column keeps the look-up legal without pairs, and stands for no wish.
    taken = torch.cat([pair_gt, pair_gt, pair_gt.new_full((1,), -1)])
    match = take(taken, best.long().flatten())
    return chosen, match.reshape(ranges, thresholds, chosen.shape[0])


def _renumber(ids: Int[Tensor, " n"]) -> tuple[Int[Tensor, " m"], Int[Tensor, " n"]]:
    """Return the distinct ids, ascending, and the place of each id among them."""
    size = extent(ids)
    seen = ids.new_zeros(size).scatter(0, ids, torch.ones_like(ids))
    return positions(seen > 0), take(torch.cumsum(seen, 0) - 1, ids)
