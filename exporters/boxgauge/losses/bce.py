"""Binary cross entropy, from probabilities and from logits."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def bce_loss(
    prob: Float[Tensor, "..."], target: Float[Tensor, "..."], *, eps: float = 1e-7
) -> Float[Tensor, "..."]:
    r"""Return the binary cross entropy of each probability.

    .. math:: L = -\,t \ln p - (1 - t) \ln(1 - p)

    Where the loss is at its ceiling its gradient is 0, so that a confidently wrong
    probability cannot recover: train from logits, with :func:`bce_with_logits_loss`.

    Args:
        prob: Probabilities in [0, 1], of any shape.
        target: Labels in [0, 1], paired with ``prob``.
        eps: Floor, in [0, 1), for :math:`p` and :math:`1 - p` inside the logarithms, so that the
            loss is at most ``-ln(eps)``, about 16.1. PyTorch has none, but floors the
            logarithms at -100; Keras clips the probability with the same 1e-7.

    Returns:
        One loss per probability, in nats, in [0, -ln(eps)]: 0 where ``prob`` equals a
        label of 0 or 1, the ceiling where it equals the other one.

    Edges:
        A probability outside [0, 1] counts as the nearer bound and has zero gradient;
        so has any within ``eps`` of the wrong bound. Half precision is widened to
        float32, but what was rounded to 0 or 1 before stays there. Of float16 the floor
        is 2 / 65504 (a ceiling of 10.4), because the gradient, as great as 1 / floor, is
        handed back in float16.

    When to use:
        Only where a model hands out probabilities and nothing else. From logits the
        other form is exact, has no ceiling, and always has a gradient to learn from.

    Raises:
        ValueError: ``eps`` is not in [0, 1), or the shapes differ.

    References:
        Good, "Rational Decisions", J. Royal Statistical Society B 14, 1952.
    """
    refuse_outside("[0, 1)", eps=eps)
    floor = max(eps, 2 / torch.finfo(prob.dtype).max)
    prob, target = paired(prob, target)
    log_prob = prob.clamp(min=floor, max=1.0).log()
    log_complement = (1 - prob).clamp(min=floor, max=1.0).log()
    return -(target * log_prob + (1 - target) * log_complement)


def bce_with_logits_loss(
    logits: Float[Tensor, "..."], target: Float[Tensor, "..."], *, label_smoothing: float = 0.0
) -> Float[Tensor, "..."]:
    r"""Return the binary cross entropy of each logit, :math:`p = 1 / (1 + e^{-x})`.

    .. math:: L = t \ln(1 + e^{-x}) + (1 - t) \ln(1 + e^{x})

    Its gradient is :math:`p - t`. With label smoothing :math:`\varepsilon` the label is
    :math:`t = (1 - \varepsilon)\,t_0 + \varepsilon / 2`.

    Args:
        logits: Any finite numbers, of any shape.
        target: Labels in [0, 1], paired with ``logits``.
        label_smoothing: Share :math:`\varepsilon` in [0, 1] of the label that is spread
            over both classes evenly, as Keras does; PyTorch has it for many classes only.

    Returns:
        One loss per logit, in nats, at least 0, growing like ``|x|`` on the wrong side.
        0 only in the limit, and only where the (smoothed) label is 0 or 1.

    Edges:
        Finite for logits up to 1e4 in size and far beyond: the loss of a wrong logit is
        its size, the gradient never leaves [-1, 1]. Half precision is widened to
        float32. Labels are not checked: outside [0, 1] the loss has no lower bound.

    When to use:
        The plain choice for independent yes-or-no answers, and the one to compare with.
        Where easy background outnumbers objects by thousands, focal loss or a ranking
        loss does better.

    Raises:
        ValueError: The shapes differ, or ``label_smoothing`` is outside [0, 1].

    References:
        Good, "Rational Decisions", J. Royal Statistical Society B 14, 1952.
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
        CVPR 2016, Section 7 (label smoothing). https://arxiv.org/abs/1512.00567
    """
    refuse_outside("[0, 1]", label_smoothing=label_smoothing)

    logits, target = paired(logits, target)
    target = target * (1 - label_smoothing) + label_smoothing / 2
    if_positive, if_negative = surprises(logits)
    return target * if_positive + (1 - target) * if_negative
