"""Dice loss: one minus the overlap of two soft masks, small objects counting like large."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired


def dice_loss(
    prob: Float[Tensor, "n p"], target: Float[Tensor, "n p"], *, smooth: float = 1.0
) -> Float[Tensor, "n"]:
    r"""Return ``1 - Dice`` for each pair of masks.

    .. math:: Dice = \frac{2 \sum_p p\,t + s}{\sum_p p + \sum_p t + s}

    The sums below the line are Dice's own, of the masks; V-Net squares the terms there,
    and other libraries add ``s`` only below. Both choices change training.

    Args:
        prob: Probabilities of the pixels, in [0, 1], one mask a row.
        target: True masks in [0, 1], paired with ``prob`` by row.
        smooth: Added above and below, in pixels; makes two empty masks equal and keeps
            the gradient of small ones moderate.

    Returns:
        One loss per pair, in [0, 1): 0 for equal binary masks, two empty ones included.

    Raises:
        ValueError: ``smooth`` is not positive.

    References:
        Dice, "Measures of the Amount of Ecologic Association Between Species",
        Ecology 26, 1945.
        Milletari et al., "V-Net", 3DV 2016, Section 3. https://arxiv.org/abs/1606.04797
    """
    if smooth <= 0:
        raise ValueError(f"smooth must be positive: got {smooth}")

    prob, target = paired(prob, target)
    overlap = (prob * target).sum(-1)
    size = prob.sum(-1) + target.sum(-1)
    return 1 - (2 * overlap + smooth) / (size + smooth)
