"""Tversky loss: Dice with a weight of its own for each kind of wrong pixel."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.masks import paired_masks
from boxgauge.losses.ranges import refuse_outside


def tversky_loss(
    prob: Float[Tensor, "n p"],
    target: Float[Tensor, "n p"],
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    smooth: float = 1.0,
) -> Float[Tensor, "n"]:
    r"""Return one minus the Tversky index of each pair of masks.

    With :math:`TP = \sum_p p\,t`, :math:`FP = \sum_p p\,(1 - t)` and
    :math:`FN = \sum_p (1 - p)\,t`,

    .. math:: L = 1 - \frac{TP + s}{TP + \alpha FP + \beta FN + s}

    With :math:`\alpha = \beta = 1/2` it is Dice with twice the ``smooth``, with
    :math:`\alpha = \beta = 1` the soft Jaccard loss.

    Args:
        prob: Probabilities of the pixels, in [0, 1], one mask a row.
        target: True masks in [0, 1], paired with ``prob`` by row.
        alpha: Weight of the false positives, at least 0. So in the paper, MONAI,
            mmsegmentation and segmentation_models.pytorch; the focal Tversky paper and
            its code use the two letters the other way round. The default favours recall.
        beta: Weight of the false negatives, at least 0.
        smooth: Added above and below, in pixels; the paper has none.

    Returns:
        One loss per pair, in [0, 1): 0 for equal binary masks, greatest where the two
        have nothing in common.

    Edges:
        Two empty masks, and masks without pixels, are equal: 0. An empty ``target`` leaves
        only false positives, and every pixel is pushed down. Numbers outside [0, 1] count
        as its nearer end, with zero gradient. A soft target is no minimum: at
        ``prob = target`` the loss is above 0. Half precision is widened to float32.

    When to use:
        For lesions and other small foregrounds where a missed pixel is worse than a wrong
        one, or the reverse. With equal weights prefer Dice, which people recognise.

    Raises:
        ValueError: ``alpha`` or ``beta`` is negative, ``smooth`` is below 1e-16, or the masks
            do not pair up or are not of shape [n, p].

    References:
        Salehi et al., "Tversky Loss Function for Image Segmentation Using 3D Fully
        Convolutional Deep Networks", MLMI 2017.
        https://arxiv.org/abs/1706.05721
    """
    refuse_outside("[0, 1e6]", alpha=alpha, beta=beta)
    refuse_outside("[1e-16, 1e6]", smooth=smooth)

    prob, target = paired_masks(prob, target)
    found = (prob * target).sum(-1)
    # The complement of the index in one fraction: 1 - index would cancel near 0.
    wrong = alpha * (prob * (1 - target)).sum(-1) + beta * ((1 - prob) * target).sum(-1)
    return wrong / (found + wrong + smooth)
