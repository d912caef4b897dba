"""aLRP Loss: localisation errors of the positives averaged along the ranking."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.error_driven import error_driven
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.ranking import rank
from boxgauge.losses.reduction import count, reduce

# With fewer negatives above it a positive is ranked right, as in the published code (1e-5). A
# power of 2, since ONNX export rounds constants to float32.
_RIGHT = 2.0**-17


class ALRP(NamedTuple):
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
) -> ALRP:
    r"""Return the average Localisation-Recall-Precision error of a ranking.

    With :math:`H(x) = clamp(x / 2\delta + 1/2, 0, 1)` a positive :math:`i` has the rank
    :math:`rank_i = 1 + \sum_{k \in P, k \ne i} H(s_k - s_i) + N_i` and
    :math:`N_i = \sum_{j \in N} H(s_j - s_i)` negatives above. Its error is

    .. math::
        \ell_i = \frac{1}{rank_i} \Big(N_i + E_i + \sum_{k \in P, k \ne i} E_k H(s_k - s_i)\Big)

    The loss is its mean over the positives, of which :math:`N_i / rank_i` is the part of
    classification and the rest that of localisation.

    The gradient of the logits is the error-driven update of the paper, not the derivative:
    with all negatives below, :math:`\ell_i` would be :math:`E_i / rank_i`, and the difference
    :math:`D_i` is taken from positive :math:`i` and given to the negatives above it, which
    makes :math:`-D_i / |P|` for a positive and
    :math:`\sum_i D_i H(s_j - s_i) / (N_i |P|)` for a negative :math:`j`. It belongs to
    ``classification``. The gradient of the location errors is the derivative of
    ``localisation``. To a second differentiation both are constants.

    Self-balancing: the paper multiplies the gradient of the boxes by the mean of
    loss / localisation over the last epoch, so that both parts pull with the size of the
    whole. :func:`self_balance` gives the ratio of one batch; the caller averages it and passes
    it as ``localisation_weight``, which leaves the gradient of the logits as it is. The
    published code starts the first epoch with 50.

    Args:
        logits: Finite scores s of all anchors of a batch.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        location_error: E of each positive, in [0, 1]: the paper's (1 - IoU) / (1 - t), with
            t the IoU from which a detection is a true positive, or its GIoU loss halved. What
            the other rows hold counts for nothing. Paired with ``logits`` by row.
        delta: Half the width of the ramp H, in logits, at least 1e-6.
        localisation_weight: Factor of the part of localisation in the loss.

    Returns:
        The loss and its two parts, unweighted, shape [1] each, in [0, 1] (the sum of the parts
        too): 0 where every positive outranks every negative by ``delta`` and is located
        exactly. The published code averages the location errors in the hard order of the
        scores; here, as in the paper, by H.

    Edges:
        No positives and no rows give 0 throughout; with no negatives only localisation is
        left. A positive with fewer than 2**-17 (the published code: 1e-5) negatives above is
        ranked right and takes no update. Half precision is ranked as the numbers it holds; the
        loss is float32. The graph is not for TensorRT, as that of AP Loss.

    When to use:
        To train scores and boxes by one ranking, with one weight that finds itself.
        Where positives have no measured location error, AP Loss is the same without it.

    Raises:
        ValueError: ``delta`` is below 1e-6, ``localisation_weight`` is negative, or the
            inputs do not pair up.

    References:
        Oksuz et al., "A Ranking-based, Balanced Loss Function Unifying Classification and
        Localisation in Object Detection", NeurIPS 2020, Sec. 4.
        https://arxiv.org/abs/2009.13592
    """
    refuse_outside("[0, 1e6]", localisation_weight=localisation_weight)
    logits, target = paired(logits, target, "n")
    logits, location_error = paired(logits, location_error)
    ranking = rank(logits, target == 1, target == 0, delta)
    error = ranking.of_positives(location_error.detach())

    false_above = ranking.false_above()
    ones = torch.ones_like(error)
    # A positive counts itself as 1, of which the sums have H(0) = 1/2.
    place = 0.5 + ranking.true_above(ones) + false_above
    error_above = ranking.true_above(error) - 0.5 * error

    # The error of a positive less the one it would have on top, E_i / rank_i, goes to the
    # negatives above it by their part of them.
    moved = torch.where(false_above > _RIGHT, (false_above + error_above) / place, 0.0)
    update = ranking.update(moved / false_above.clamp(min=_RIGHT), -moved) / count(moved)
    slope = ranking.spread(ranking.true_below(1 / place) + 0.5 / place) / count(moved)

    classification = error_driven(reduce(false_above / place), update, logits)
    localisation = error_driven(reduce((error + error_above) / place), slope, location_error)
    return ALRP(classification + localisation_weight * localisation, classification, localisation)


def self_balance(loss: ALRP) -> Float[Tensor, "1"]:
    """Return loss / localisation of a batch, the paper's factor of the gradient of the boxes.

    Detached, at least 1, and 1 where the localisation is perfect or there are no positives.
    """
    classification, localisation = loss.classification.detach(), loss.localisation.detach()
    is_perfect = localisation == 0
    return 1 + torch.where(is_perfect, 0.0, classification / localisation.where(~is_perfect, 1.0))
