"""Dice loss: one minus the overlap of two soft masks, small objects counting like large."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.masks import paired_masks
from boxgauge.losses.ranges import refuse_outside


def dice_loss(
    prob: Float[Tensor, "n p"],
    target: Float[Tensor, "n p"],
    *,
    smooth: float = 1.0,
    denominator: Literal["plain", "squared"] = "plain",
    smoothing: Literal["both", "below"] = "both",
) -> Float[Tensor, "n"]:
    r"""Return ``1 - Dice`` for each pair of masks.

    .. math:: Dice = \frac{2 \sum_p p\,t + s}{\sum_p p + \sum_p t + s}

    Args:
        prob: Probabilities of the pixels, in [0, 1], one mask a row.
        target: True masks in [0, 1], paired with ``prob`` by row.
        smooth: The :math:`s` above, in pixels; makes two empty masks equal and keeps the
            gradient of small ones moderate. segmentation_models.pytorch has 0 by default,
            MONAI 1e-5, mmdetection 1e-3.
        denominator: ``"plain"``: the sizes of the masks, Dice's own definition, as MONAI
            and segmentation_models.pytorch have it. ``"squared"``: the sums of the squares
            :math:`\sum_p p^2 + \sum_p t^2`, as V-Net, mmdetection (unless
            ``naive_dice``) and MONAI's ``squared_pred`` have it; its minimum is at
            ``prob = target`` for soft targets too.
        smoothing: Where ``smooth`` is added. ``"both"``: above and below, as the libraries
            named do. ``"below"``: only there, as mmdetection does without ``naive_dice``
            (it adds its ``eps`` twice: give twice the number).

    Returns:
        One loss per pair, in [0, 1]: 0 for equal binary masks where ``smooth`` is added
        above too.

    Edges:
        Two empty masks, and masks without pixels, cost 0, or 1 if ``smoothing`` is
        ``"below"``. Masks with nothing in common come near 1; with ``"both"`` an empty
        ``target`` pushes every pixel down, with ``"below"`` it has no gradient at all. Numbers
        outside [0, 1] count as its nearer end, with zero gradient. Half precision is
        widened to float32.

    When to use:
        For masks whose foreground is small. Its gradient is weak where the prediction is
        all wrong: add cross entropy, as :func:`dice_bce_loss` does.

    Raises:
        ValueError: ``smooth`` is below 1e-16, another option is not one of its two, or the
            masks do not pair up or are not of shape [n, p].

    References:
        Dice, "Measures of the Amount of Ecologic Association Between Species",
        Ecology 26, 1945.
        Milletari et al., "V-Net: Fully Convolutional Neural Networks for Volumetric
        Medical Image Segmentation", 3DV 2016, Section 3. https://arxiv.org/abs/1606.04797
    """
    refuse_outside("[1e-16, 1e6]", smooth=smooth)
    if denominator not in ("plain", "squared"):
        raise ValueError(f'denominator must be "plain" or "squared": got {denominator!r}')
    if smoothing not in ("both", "below"):
        raise ValueError(f'smoothing must be "both" or "below": got {smoothing!r}')

    prob, target = paired_masks(prob, target)
    overlap = (prob * target).sum(-1)
    if denominator == "plain":
        size = prob.sum(-1) + target.sum(-1)
    else:
        size = prob.square().sum(-1) + target.square().sum(-1)
    above = smooth if smoothing == "both" else 0.0
    return 1 - (2 * overlap + above) / (size + smooth)
