"""Varifocal loss: positives weigh by their IoU, negatives are focused away."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def varifocal_loss(
    logits: Float[Tensor, "..."],
    quality: Float[Tensor, "..."],
    *,
    alpha: float = 0.75,
    gamma: float = 2.0,
    iou_weighted: bool = True,
    detach_weight: bool = False,
) -> Float[Tensor, "..."]:
    r"""Return the varifocal loss of each logit.

    With :math:`p = 1 / (1 + e^{-x})` and :math:`q` the quality,

    .. math::
        VFL = \begin{cases}
            -q \big(q \ln p + (1 - q) \ln(1 - p)\big) & q > 0 \\
            -\alpha\, p^\gamma \ln(1 - p) & q = 0
        \end{cases}

    Args:
        logits: Any finite numbers, of any shape.
        quality: Soft labels in [0, 1], paired with ``logits``: the IoU of the predicted
            box for the class of the object, 0 for everything else.
        alpha: Weight of the negatives, at least 0. Not focal loss's: positives have none.
        gamma: Focusing exponent of the negatives, at least 0.
        iou_weighted: Whether the leading :math:`q` of a positive stands, as in the paper
            and by default in mmdetection; otherwise it is 1.
        detach_weight: Whether :math:`p^\gamma` is a constant to the gradient, as in the
            code of RT-DETR; otherwise it is differentiated, as by the authors, mmdetection
            and Ultralytics.

    Returns:
        One loss per logit, in nats, at least 0. A positive costs least where
        :math:`p = q`: the entropy of ``q`` times the leading factor, not 0.

    Edges:
        A positive whose box misses its object (IoU 0) is a negative. Finite, with its
        gradient, for any ``gamma`` and for logits up to 1e4 in size. Half precision is
        widened to float32. Qualities are not checked; below 0 they count as 0. The
        authors divide the sum by the number of positives, RT-DETR by that of boxes.

    When to use:
        Like quality focal loss, where the score shall tell the IoU; the well-fitting
        positives, few and precious, are weighted up rather than focused away.

    Raises:
        ValueError: ``alpha`` or ``gamma`` is negative, or the shapes differ.

    References:
        Zhang et al., "VarifocalNet: An IoU-aware Dense Object Detector", CVPR 2021,
        Eq. 2. https://arxiv.org/abs/2008.13367
    """
    refuse_outside("[0, 1e6]", alpha=alpha, gamma=gamma)

    logits, quality = paired(logits, quality)
    if_positive, if_negative = surprises(logits)
    focus = (-gamma * if_positive).exp()
    if detach_weight:
        focus = focus.detach()
    positive = quality * if_positive + (1 - quality) * if_negative
    if iou_weighted:
        positive = quality * positive
    return torch.where(quality > 0, positive, alpha * focus * if_negative)
