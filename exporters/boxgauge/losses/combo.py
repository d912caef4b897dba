"""Combo loss: Dice with a cross entropy that weighs the two kinds of wrong pixels."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from boxgauge.losses.dice import dice_loss
from boxgauge.losses.masks import mean_over_pixels
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def combo_loss(
    logits: Float[Tensor, "n p"],
    target: Float[Tensor, "n p"],
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    smooth: float = 1.0,
) -> Float[Tensor, "n"]:
    r"""Return the combo loss of each pair of masks.

    With :math:`p = 1 / (1 + e^{-x})`,

    .. math::
        L = -\frac{\alpha}{P} \sum_p \big(\beta\, t \ln p + (1 - \beta)(1 - t) \ln(1 - p)\big)
            + (1 - \alpha)\,(1 - Dice(p, t))

    The paper subtracts :math:`(1 - \alpha) Dice` where this adds the Dice *loss*: the same
    gradient, and the least value is 0.

    Args:
        logits: Any finite numbers, one mask a row.
        target: True masks in [0, 1], paired with ``logits`` by row.
        alpha: Share of the cross entropy, in [0, 1].
        beta: Weight of the true pixels in it, in [0, 1]; above 1/2 a missed pixel costs
            more than a wrong one. At 1/2 it is *half* the cross entropy of
            :func:`dice_bce_loss`.
        smooth: Of the Dice loss, in pixels.

    Returns:
        One loss per pair, at least 0: towards 0 where the logits are large and right.

    Edges:
        Without pixels the loss is 0. An empty ``target`` still has the gradient of the
        cross entropy, unless ``beta`` is 1. Finite for every logit up to 1e4 and beyond,
        exported too. Half precision is widened to float32.

    When to use:
        As :func:`dice_bce_loss`, where misses and false alarms must not weigh the same.

    Raises:
        ValueError: ``alpha`` or ``beta`` is outside [0, 1], ``smooth`` is below 1e-16, or
            the masks do not pair up or are not of shape [n, p].

    References:
        Taghanaki et al., "Combo Loss: Handling Input and Output Imbalance in Multi-Organ
        Segmentation", Computerized Medical Imaging and Graphics 75, 2019.
        https://arxiv.org/abs/1805.02798
    """
    refuse_outside("[0, 1]", alpha=alpha, beta=beta)

    logits, target = paired(logits, target, "n, p")
    dice = dice_loss(logits.sigmoid(), target, smooth=smooth)
    # softplus(-x) = -ln p and softplus(x) = -ln(1 - p).
    surprise = beta * target * softplus(-logits) + (1 - beta) * (1 - target) * softplus(logits)
    return alpha * mean_over_pixels(surprise) + (1 - alpha) * dice
