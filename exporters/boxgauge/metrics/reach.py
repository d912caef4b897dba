"""Which candidate pairs can matter: what bounds the rounds where very many boxes coincide."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from boxgauge.metrics.segments import count, positions, starts, take, take_columns


def within_reach(
    pair_dt: Int[Tensor, " p"],
    ahead: Int[Tensor, " p"],
    ignored: Bool[Tensor, "a p"],
    detections: int,
) -> Int[Tensor, " q"]:
    """Return the pairs that a detection can end with, ascending.

    Each of the ``ahead`` better detections takes at most one ground truth. So of the real
    ones, and likewise of the ignored ones, the ahead + 1 that a detection likes best always
    hold one that is free, if any is: it needs no others. Of n boxes on as many this keeps
    about half, of few on very many next to none.

    Args:
        pair_dt: Detection of each pair, ascending; of one detection, the best liked first.
        ahead: Better detections of the same image and class.
        ignored: The pair's ground truth is ignored, by area range.
        detections: How many detections there are.
    """
    first = take(starts(count(pair_dt, detections)), pair_dt)
    place = torch.where(ignored, _place_among(ignored, first), _place_among(~ignored, first))
    return positions((place <= ahead).long().sum(0) > 0)


def _place_among(flags: Bool[Tensor, "a p"], first: Int[Tensor, " p"]) -> Int[Tensor, "a p"]:
    """Return how many flags of the same segment stand before each place."""
    flagged = flags.long()
    before = torch.cumsum(flagged, 1) - flagged
    return before - take_columns(before, first)
