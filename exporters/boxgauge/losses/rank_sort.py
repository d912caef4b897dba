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


class RankSort(NamedTuple):
    """A loss and the two parts it is the sum of."""

    loss: Float[Tensor, "1"]
    ranking: Float[Tensor, "1"]
    sorting: Float[Tensor, "1"]


def rank_sort_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"], *, delta: float = 0.5
) -> RankSort:
    r"""Return how far positives are from the top, and from the order of their localisation.

    With :math:`H(x) = clamp(x / 2\delta + 1/2, 0, 1)`, negatives :math:`N`, positives
    :math:`P` and all rows :math:`A`, a positive :math:`i` of quality :math:`y_i` has

    .. math::
        R_i = \frac{\sum_{j \in N} H(s_j - s_i)}{\sum_{j \in A} H(s_j - s_i)}, \quad
        S_i = \frac{\sum_{j \in P} H(s_j - s_i)(1 - y_j)}{\sum_{j \in P} H(s_j - s_i)} -
        \frac{\sum_{j \in P, y_j \ge y_i} H(s_j - s_i)(1 - y_j)}
        {\sum_{j \in P, y_j \ge y_i} H(s_j - s_i)}

    The ranking error :math:`R_i` is the part of the negatives in what is ranked above, the
    sorting error :math:`S_i` how much worse than needed the positives there are located. The
    loss is the mean of both over the positives. The sums include :math:`i` itself with
    :math:`H(0) = 1/2`, as in the paper and its code; AP Loss and aLRP count it as 1.

    The gradients are the error-driven updates of the paper, not derivatives: of either error
    :math:`-1 / |P|` times the error for :math:`i`, and that much spread with the weights
    :math:`H(s_j - s_i)` over the negatives, or over the positives of less quality than
    :math:`i`. Both sum to 0, and are constants to a second differentiation.

    Exact for every ``delta`` in O(n log p + p log² p) for p positives, in float64.

    Args:
        logits: Finite scores s of all anchors of a batch.
        target: The quality y of a positive's localisation in (0, 1], such as its IoU (above 1
            is taken as 1), or 0 for a negative; a row below 0 is ignored and has zero
            gradient. Paired with ``logits`` by row.
        delta: Half the width of the ramp H, in logits, at least 1e-6.

    Returns:
        The loss and its two parts, shape [1] each: ``ranking`` in [0, 1), 0 where every
        positive outranks every negative by ``delta``; ``sorting`` in [0, 1), 0 where of two
        positives the better located always outranks the other by ``delta``, and where all are
        located alike. Either part has its own gradient.

    Edges:
        No positives and no rows give 0 throughout, no negatives a ranking of 0, one positive a
        sorting of 0. Ties in the score are half above each other; ties in quality are never
        missorted. Half precision is ranked as the numbers it holds; the loss is float32. The
        graph is not for TensorRT, as that of AP Loss.

    When to use:
        In place of a classification loss and a centre-ness or IoU branch, with
        positives labelled by the IoU of their predicted boxes. The paper weights the loss of the
        boxes by the ratio of this loss to it, which leaves nothing to tune.

    Raises:
        ValueError: ``delta`` is below 1e-6, the two do not pair up, or there are more than
            2**20 positives.

    References:
        Oksuz et al., "Rank & Sort Loss for Object Detection and Instance Segmentation",
        ICCV 2021. https://arxiv.org/abs/2107.11669
    """
    logits, target = paired(logits, target, "n")
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
    return RankSort(ranking_loss + sorting_loss, ranking_loss, sorting_loss)
