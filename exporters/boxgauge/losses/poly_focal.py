"""Poly-1 focal loss: focal loss with its leading polynomial coefficient changed."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.focal import class_weights
from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def poly_focal_loss(
    logits: Float[Tensor, "..."],
    target: Float[Tensor, "..."],
    *,
    epsilon: float = 1.0,
    alpha: float = 0.25,
    gamma: float = 2.0,
    weigh_polynomial: bool = True,
) -> Float[Tensor, "..."]:
    r"""Return the Poly-1 focal loss of each logit.

    With :math:`p_t` and :math:`\alpha_t` as in focal loss,

    .. math::
        L = \alpha_t \big(-(1 - p_t)^\gamma \ln p_t + \epsilon_1 (1 - p_t)^{\gamma + 1}\big)

    A label between 0 and 1 mixes the two linearly.

    Args:
        logits: Any finite numbers, of any shape.
        target: Labels in [0, 1], paired with ``logits``.
        epsilon: Change :math:`\epsilon_1` of the leading coefficient, at least -1 (which
            takes it away). The paper tunes it for each task and ends below 0 in detection.
        alpha: Weight of the positives as in :func:`focal_loss`; below 0: none, which is
            the paper's equation.
        gamma: Focusing exponent, at least 0; 0 gives the Poly-1 form of binary cross
            entropy.
        weigh_polynomial: Whether ``alpha`` weighs the added term too, so that all terms of
            the expansion are weighted alike; widespread PyTorch ports weigh the focal part
            only.

    Returns:
        One loss per logit, in nats. At least 0, if the added term is weighted or
        ``epsilon`` is not negative.

    Edges:
        Finite, with its gradient, for any ``gamma`` and for logits up to 1e4 in size.
        Half precision is widened to float32. Divide the sum by the number of positives,
        as for focal loss.

    When to use:
        Where focal loss is in place and one more number may be tuned. ``epsilon=0`` is
        focal loss.

    Raises:
        ValueError: ``epsilon`` is below -1, ``gamma`` negative or ``alpha`` above 1, or
            the shapes differ.

    References:
        Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss
        Functions", ICLR 2022, Poly-1 of focal loss.
        https://arxiv.org/abs/2204.12511
    """
    refuse_outside("[-1, 1e6]", epsilon=epsilon)
    refuse_outside("[0, 1e6]", gamma=gamma)
    positive_weight, negative_weight = class_weights(alpha)
    added = (epsilon * positive_weight, epsilon * negative_weight)
    positive_epsilon, negative_epsilon = added if weigh_polynomial else (epsilon, epsilon)

    logits, target = paired(logits, target)
    if_positive, if_negative = surprises(logits)
    positive_miss, negative_miss = (-if_negative).exp(), (-if_positive).exp()
    positive = positive_weight * if_positive + positive_epsilon * positive_miss
    negative = negative_weight * if_negative + negative_epsilon * negative_miss
    positive_focus, negative_focus = (-gamma * if_negative).exp(), (-gamma * if_positive).exp()
    return target * positive_focus * positive + (1 - target) * negative_focus * negative
