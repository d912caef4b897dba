"""aLRP Loss: localisation errors of the positives averaged along the ranking."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.error_driven import error_driven
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranking import rank
from boxgauge.losses.reduction import count, reduce

# With fewer negatives above it a positive is ranked right, as in the published code (1e-5). A
# power of 2, since ONNX export rounds constants to float32.
_RIGHT = 2.0**-17


class ALRPLoss(NamedTuple):
    """A loss and the two parts it is the weighted sum of."""

    loss: Float[Tensor, "1"]
    classification: Float[Tensor, "1"]
    localisation: Float[Tensor, "1"]


def alrp_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    location_error: Float[Tensor, "n"],
    *,
    delta: float = 1.0,
    localisation_weight: float = 1.0,
) -> ALRPLoss:
    r"""Return the average Localisation-Recall-Precision error of a ranking.

    Args:
        logits: s.
        target: 1 for a positive, 0 for a negative.
        location_error: E.
        delta: Half the width of the ramp H, in logits.
        localisation_weight: Factor of the localisation part.

    References:
        Oksuz et al., "A Ranking-based, Balanced Loss Function Unifying Classification and
        Localisation in Object Detection", NeurIPS 2020. https://arxiv.org/abs/2009.13592
    """
    logits, target = paired(logits, target)
    logits, location_error = paired(logits, location_error)
    ranking = rank(logits, target == 1, target == 0, delta)
    error = ranking.of_positives(location_error.detach())

    false_above = ranking.false_above()
    ones = torch.ones_like(error)
    # A positive counts itself as 1, of which the sums have H(0) = 1/2.
    place = 0.5 + ranking.true_above(ones) + false_above
    error_above = (ranking.true_above(error) - 0.5 * error).clamp(min=0.0)

    # The error of a positive less the one it would have on top, E_i / rank_i, goes to the
    # negatives above it by their part of them.
    moved = torch.where(false_above > _RIGHT, (false_above + error_above) / place, 0.0)
    update = ranking.update(moved / false_above.clamp(min=_RIGHT), -moved) / count(moved)
    slope = ranking.spread(ranking.true_below(1 / place) + 0.5 / place) / count(moved)

    classification = error_driven(reduce(false_above / place), update, logits)
    localisation = error_driven(reduce((error + error_above) / place), slope, location_error)
    return ALRPLoss(
        classification + localisation_weight * localisation, classification, localisation
    )
