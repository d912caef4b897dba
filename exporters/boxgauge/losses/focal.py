"""Focal loss: cross entropy that looks away from what is already right."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def focal_loss(
    logits: Float[Tensor, "..."],
    target: Float[Tensor, "..."],
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Float[Tensor, "..."]:
    r"""Return the focal loss of each logit.

    With :math:`p = 1 / (1 + e^{-x})` for a label of 1, its complement for a label of 0,
    and :math:`\alpha_t` likewise,

    .. math:: FL = -\,\alpha_t (1 - p_t)^\gamma \ln p_t

    A label between 0 and 1 mixes the two linearly, as cross entropy does; torchvision,
    detectron2 and mmdetection instead mix the probability inside the power.

    Args:
        logits: Any finite numbers, of any shape.
        target: Labels in [0, 1], paired with ``logits``.
        alpha: Weight of the positives, ``1 - alpha`` being that of the negatives;
            below 0: neither is weighted. The default is that of the paper, torchvision
            and mmdetection; fvcore's (detectron2) is -1, and Keras weights only when
            asked to.
        gamma: Focusing exponent, at least 0; 0 gives weighted cross entropy.

    Returns:
        One loss per logit, in nats, at least 0, growing like ``|x|`` on the wrong side.

    Edges:
        Finite, with its gradient, for any ``gamma`` and for logits up to 1e4 in size.
        Without positives it is the loss of the background, which is small: the paper,
        detectron2 and mmdetection divide the sum by the number of positives (at least
        1), not by that of the logits. Half precision is widened to float32.

    When to use:
        Dense detectors, with thousands of easy background anchors to each object. Start
        the bias of the last layer at a low probability (the paper: 0.01), or the
        background of the first steps drowns everything.

    Raises:
        ValueError: ``gamma`` is negative or ``alpha`` above 1, or the shapes differ.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, Eq. 5.
        https://arxiv.org/abs/1708.02002
    """
    positive_weight, negative_weight = class_weights(alpha)
    refuse_outside("[0, 1e6]", gamma=gamma)

    logits, target = paired(logits, target)
    if_positive, if_negative = surprises(logits)
    # The powers go through exp: the gradient of (1 - p)**gamma with gamma < 1 is NaN
    # where p rounds to 1.
    positive = (-gamma * if_negative).exp() * if_positive
    negative = (-gamma * if_positive).exp() * if_negative
    return target * positive_weight * positive + (1 - target) * negative_weight * negative


def class_weights(alpha: float) -> tuple[float, float]:
    """Return the weights of positives and negatives; below 0 ``alpha`` weighs neither.

    Raises:
        ValueError: ``alpha`` is above 1.
    """
    refuse_outside("(-inf, 1]", alpha=alpha)
    return (alpha, 1 - alpha) if alpha >= 0 else (1.0, 1.0)
