"""Which points of the recall grid a recall reaches."""

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from boxgauge.metrics.report import RECALL_POINTS
from boxgauge.metrics.segments import take


def last_point(
    reached: Float64[Tensor, "e"], recall_points: Float64[Tensor, "101"]
) -> Int64[Tensor, "e"]:
    """Return the last recall point that each recall reaches.

    Args:
        reached: At least 0.
        recall_points: Evenly spaced from 0 to 1, up to rounding.
    """
    last = RECALL_POINTS - 1
    guess = torch.floor(reached * last).long().clamp(max=last)
    # The product rounds, the points themselves decide: the answer is the guess or next to it.
    above = (guess + 1).clamp(max=last)
    guess = torch.where(take(recall_points, above) <= reached, above, guess)
    return torch.where(take(recall_points, guess) > reached, guess - 1, guess)
