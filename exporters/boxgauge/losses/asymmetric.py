"""Asymmetric loss: focal loss with a focus of its own for positives and for negatives."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def asymmetric_loss(
    logits: Float[Tensor, "..."],
    target: Float[Tensor, "..."],
    *,
    gamma_positive: float = 0.0,
    gamma_negative: float = 4.0,
    clip: float = 0.05,
    detach_weight: bool = False,
) -> Float[Tensor, "..."]:
    r"""Return the asymmetric loss of each logit.

    With :math:`p = 1 / (1 + e^{-x})` and :math:`p_m = \max(p - m, 0)` the probability
    shifted by a margin,

    .. math::
        ASL = \begin{cases}
            -(1 - p)^{\gamma_+} \ln p & t = 1 \\
            -p_m^{\gamma_-} \ln(1 - p_m) & t = 0
        \end{cases}

    A label between 0 and 1 mixes the two linearly.

    Args:
        logits: Any finite numbers, of any shape.
        target: Labels in [0, 1], paired with ``logits``.
        gamma_positive: Focusing exponent :math:`\gamma_+` of the positives, at least 0.
            The default is the paper's for MS-COCO; its code has 1.
        gamma_negative: Focusing exponent :math:`\gamma_-` of the negatives: at least 0,
            and not between 0 and 1 where there is a margin.
        clip: The margin :math:`m`: 0, or in [1e-7, 1). A negative below it costs nothing.
        detach_weight: Whether the powers are constants to the gradient, as the authors'
            ``AsymmetricLoss`` has it by default (their optimised form does not);
            otherwise they are differentiated, as in the paper's analysis.

    Returns:
        One loss per logit, in nats, at least 0; of a negative, where there is a margin, at most
        ``-ln(clip)``.

    Edges:
        A negative with a probability below the margin has no loss and no gradient: the
        paper's way to drop easy ones. One with a probability close to 1 has hardly any
        gradient left either, because its loss has a ceiling: the margin also gives up on
        what may be mislabelled. Finite, with its gradient, for logits up to 1e4 in size.
        Half precision is widened to float32. The authors add all up, without a mean.

    When to use:
        Many labels an image, nearly all of them absent, some of them missed by the
        annotators. Equal exponents and no margin make it focal loss without ``alpha``.

    Raises:
        ValueError: An exponent or the margin is outside its range, or the shapes differ.

    References:
        Ridnik et al., "Asymmetric Loss for Multi-Label Classification", ICCV 2021,
        Eq. 4-7. https://arxiv.org/abs/2009.14119
    """
    # Less would round to 0 in float32 beside 1.
    refuse_outside("0 or [1e-7, 1)", clip=clip)
    # With a margin the shifted probability is exactly 0, where a power below 1 is vertical.
    refuse_outside("0 or [1, 1e6]" if clip else "[0, 1e6]", gamma_negative=gamma_negative)
    refuse_outside("[0, 1e6]", gamma_positive=gamma_positive)

    logits, target = paired(logits, target)
    if_positive, if_negative = surprises(logits)
    positive_focus = (-gamma_positive * if_negative).exp()
    if clip:
        shifted = ((-if_positive).exp() - clip).clamp(min=0.0)
        negative_focus = shifted.pow(gamma_negative)
        # 1 - p + m from the exact 1 - p, at least m: its logarithm is safe.
        if_negative = -((-if_negative).exp() + clip).clamp(max=1.0).log()
    else:
        negative_focus = (-gamma_negative * if_positive).exp()
    if detach_weight:
        positive_focus, negative_focus = positive_focus.detach(), negative_focus.detach()
    return target * positive_focus * if_positive + (1 - target) * negative_focus * if_negative
