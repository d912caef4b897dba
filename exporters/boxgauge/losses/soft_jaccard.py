"""Soft Jaccard loss: one minus the IoU of two soft masks."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.masks import paired_masks
from boxgauge.losses.ranges import refuse_outside


def soft_jaccard_loss(
    prob: Float[Tensor, "n p"], target: Float[Tensor, "n p"], *, smooth: float = 1.0
) -> Float[Tensor, "n"]:
    r"""Return one minus the soft IoU of each pair of masks.

    .. math:: L = 1 - \frac{\sum_p p\,t + s}{\sum_p (p + t - p\,t) + s}

    Args:
        prob: Probabilities of the pixels, in [0, 1], one mask a row.
        target: True masks in [0, 1], paired with ``prob`` by row.
        smooth: Added above and below, in pixels. The paper has none;
            segmentation_models.pytorch has 0 and a floor instead, MONAI 1e-5.

    Returns:
        One loss per pair, in [0, 1): 0 for equal binary masks, greatest where the two
        have nothing in common.

    Edges:
        Two empty masks, and masks without pixels, are equal: 0. An empty ``target`` pushes
        every pixel down. Numbers outside [0, 1] count as its nearer end, with zero
        gradient. A soft target is no minimum: at ``prob = target`` the loss is above 0.
        Half precision is widened to float32.

    When to use:
        Where the result is judged by the IoU of one foreground an image. Of several classes
        take :func:`soft_miou_loss`; where hard masks are judged, compare with
        :func:`lovasz_hinge_loss`.

    Raises:
        ValueError: ``smooth`` is below 1e-16, or the masks do not pair up or are not of shape
            [n, p].

    References:
        Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for
        Image Segmentation", ISVC 2016, Eq. 3-5.
    """
    refuse_outside("[1e-16, 1e6]", smooth=smooth)

    prob, target = paired_masks(prob, target)
    overlap = (prob * target).sum(-1)
    wrong = (prob * (1 - target)).sum(-1) + ((1 - prob) * target).sum(-1)
    return wrong / (overlap + wrong + smooth)
