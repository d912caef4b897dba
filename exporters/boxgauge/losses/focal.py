"""Focal loss: cross entropy that looks away from what is already right."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired
from boxgauge.losses.surprise import surprise


def focal_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Float[Tensor, "n"]:
    r"""Return the focal loss of each logit.

    With :math:`p = 1 / (1 + e^{-x})` for a label of 1, its complement for a label of 0,
    and :math:`\alpha_t` likewise,

    .. math:: FL = -\,\alpha_t (1 - p_t)^\gamma \ln p_t

    A label between 0 and 1 mixes the two linearly, as cross entropy does.

    Args:
        logits: Any finite numbers.
        target: Labels in [0, 1], paired with ``logits`` by row.
        alpha: Weight of the positives, ``1 - alpha`` being that of the negatives;
            below 0: neither is weighted. The default is the paper's, other libraries
            differ.
        gamma: Focusing exponent, at least 0; 0 gives weighted cross entropy.

    Returns:
        One loss per row, in nats, at least 0.

    Raises:
        ValueError: ``gamma`` is negative or ``alpha`` above 1.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, Eq. 5.
        https://arxiv.org/abs/1708.02002
    """
    if gamma < 0:
        raise ValueError(f"gamma must not be negative: got {gamma}")
    if alpha > 1:
        raise ValueError(f"alpha must be at most 1: got {alpha}")
    positive_weight, negative_weight = (alpha, 1 - alpha) if alpha >= 0 else (1.0, 1.0)

    logits, target = paired(logits, target)
    of_positive, of_negative = surprise(logits)
    # The powers go through exp: the gradient of (1 - p)**gamma with gamma < 1 is NaN where p
    # rounds to 1.
    positive = (-gamma * of_negative).exp() * of_positive
    negative = (-gamma * of_positive).exp() * of_negative
    return target * positive_weight * positive + (1 - target) * negative_weight * negative
