"""Dice and cross entropy added: the usual pair for segmentation."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from boxgauge.losses.dice import dice_loss
from boxgauge.losses.masks import mean_over_pixels
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def dice_bce_loss(
    logits: Float[Tensor, "n p"],
    target: Float[Tensor, "n p"],
    *,
    dice_weight: float = 1.0,
    bce_weight: float = 1.0,
    smooth: float = 1.0,
) -> Float[Tensor, "n"]:
    r"""Return a weighted sum of Dice loss and cross entropy for each pair of masks.

    With :math:`p = 1 / (1 + e^{-x})`,

    .. math:: L = \lambda_D\, Dice(p, t) + \frac{\lambda_B}{P} \sum_p BCE(x_p, t_p)

    Args:
        logits: Any finite numbers, one mask a row.
        target: True masks in [0, 1], paired with ``logits`` by row.
        dice_weight: Factor of the Dice loss, at least 0. nnU-Net and MONAI's DiceCELoss
            take 1 and 1; code with 0.5 and 0.5 is common too.
        bce_weight: Factor of the cross entropy, at least 0.
        smooth: Of the Dice loss, in pixels.

    Returns:
        One loss per pair, at least 0: towards 0 where the logits are large and right.

    Edges:
        Without pixels the loss is 0. An empty ``target`` still has the gradient of the
        cross entropy at every pixel. Finite for every logit up to 1e4 and beyond, exported
        too. Half precision is widened to float32.

    When to use:
        The first thing to try for a binary segmentation: cross entropy gives every pixel a
        gradient, Dice keeps a small foreground from being drowned.

    Raises:
        ValueError: A weight is negative, ``smooth`` is below 1e-16, or the masks do not pair
            up or are not of shape [n, p].

    References:
        Isensee et al., "nnU-Net: a self-configuring method for deep learning-based
        biomedical image segmentation", Nature Methods 18, 2021.
        https://arxiv.org/abs/1904.08128
    """
    refuse_outside("[0, 1e6]", dice_weight=dice_weight, bce_weight=bce_weight)

    logits, target = paired(logits, target, "n, p")
    dice = dice_loss(logits.sigmoid(), target, smooth=smooth)
    # softplus(-x) = -ln p and softplus(x) = -ln(1 - p).
    surprise = target * softplus(-logits) + (1 - target) * softplus(logits)
    return dice_weight * dice + bce_weight * mean_over_pixels(surprise)
