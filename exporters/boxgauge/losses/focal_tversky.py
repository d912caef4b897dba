"""Focal Tversky loss: a power of the Tversky loss."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.tversky import tversky_loss


def focal_tversky_loss(
    prob: Float[Tensor, "n p"],
    target: Float[Tensor, "n p"],
    *,
    alpha: float = 0.3,
    beta: float = 0.7,
    gamma: float = 4 / 3,
    exponent: Literal["inverse", "direct"] = "inverse",
    smooth: float = 1.0,
    eps: float = 1e-7,
) -> Float[Tensor, "n"]:
    r"""Return a power of the Tversky loss of each pair of masks.

    With the Tversky index :math:`TI`,

    .. math:: L = (1 - TI)^{1 / \gamma}

    The slope of a power below 1 is infinite at 0. Where :math:`1 - TI < \epsilon` the
    loss is therefore the straight line through 0 that meets the curve at
    :math:`\epsilon`; above, it is the power itself.

    Args:
        prob: Probabilities of the pixels, in [0, 1], one mask a row.
        target: True masks in [0, 1], paired with ``prob`` by row.
        alpha: Weight of the false positives, at least 0, as in :func:`tversky_loss`. This
            paper writes it for the false negatives: its (0.7, 0.3) are our (0.3, 0.7).
        beta: Weight of the false negatives, at least 0.
        gamma: Focusing parameter, at least 1e-6; the paper recommends 4/3, from [1, 3].
        exponent: What the power is. ``"inverse"``: 1 / gamma, the paper's formula.
            ``"direct"``: gamma, as in the authors' code, which sets it to 0.75, and in
            segmentation_models.pytorch (of the mean over the classes). 4/3 with the first is
            0.75 with the second.
        smooth: Added above and below in the index, in pixels.
        eps: Where the line begins, in [1e-16, 1): the slope at 0 is eps to the power minus 1,
            56 at the defaults.

    Returns:
        One loss per pair, in [0, 1): 0 for equal binary masks.

    Edges:
        As for :func:`tversky_loss`: two empty masks cost 0, numbers outside [0, 1] count as
        its nearer end, half precision is widened. At equal masks value and gradient are
        finite for every ``gamma``.

    When to use:
        Where most images are easy and the few hard ones matter little or much: a power
        below 1, the default, keeps pushing nearly right masks, one above 1 lets them go.

    Raises:
        ValueError: An option is out of its range, or the masks do not pair up or are not of
            shape [n, p].

    References:
        Abraham and Khan, "A Novel Focal Tversky Loss Function with Improved Attention
        U-Net for Lesion Segmentation", ISBI 2019.
        https://arxiv.org/abs/1810.07842
    """
    if exponent not in ("inverse", "direct"):
        raise ValueError(f'exponent must be "inverse" or "direct": got {exponent!r}')
    refuse_outside("[1e-6, 1e6]", gamma=gamma)
    refuse_outside("[1e-16, 1)", eps=eps)

    power = gamma if exponent == "direct" else 1 / gamma
    loss = tversky_loss(prob, target, alpha=alpha, beta=beta, smooth=smooth)
    return loss * loss.clamp(min=eps) ** (power - 1)
