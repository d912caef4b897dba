"""Rank & Sort Loss: positives above negatives, and in the order of their localisation."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.error_driven import error_driven
from boxgauge.losses.missorted import missorted_pairs
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranking import rank
from boxgauge.losses.reduction import count, reduce


class RankSortLoss(NamedTuple):
    """A loss and the two parts it is the sum of."""

    loss: Float[Tensor, "1"]
    ranking: Float[Tensor, "1"]
    sorting: Float[Tensor, "1"]


def rank_sort_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"], *, delta: float = 0.5
) -> RankSortLoss:
    r"""Return the Rank & Sort loss.

    Args:
        logits: s.
        target: The localisation quality of a positive in (0, 1], 0 for a negative.
        delta: Half the width of the ramp H, in logits.

    References:
        Oksuz et al., "Rank & Sort Loss for Object Detection and Instance Segmentation",
        ICCV 2021. https://arxiv.org/abs/2107.11669
    """
    logits, target = paired(logits, target)
    ranking = rank(logits, target > 0, target == 0, delta)
    quality = ranking.of_positives(target).clamp(max=1.0)
    missorting = missorted_pairs(ranking.scores, quality, delta)

    false_above = ranking.false_above()
    true_place = ranking.true_above(torch.ones_like(quality))
    place = true_place + false_above
    ranking_update = ranking.update(1 / place, -false_above / place)

    worse_above = missorting.sum_above(torch.ones_like(quality))
    worse_error = missorting.sum_above(1 - quality)
    better_above = (true_place - worse_above).clamp(min=0.5)
    better_error = ranking.true_above(1 - quality) - worse_error
    target_error = better_error / better_above
    excess = ((worse_error - worse_above * target_error) / true_place).clamp(min=0.0)
    share = (excess / worse_above.clamp(min=2.0**-100)).minimum(1 / true_place)
    sorting_update = ranking.spread(missorting.sum_below(share) - excess)

    ranking_loss = error_driven(reduce(false_above / place), ranking_update / count(share), logits)
    sorting_loss = error_driven(reduce(excess), sorting_update / count(share), logits)
    return RankSortLoss(ranking_loss + sorting_loss, ranking_loss, sorting_loss)
