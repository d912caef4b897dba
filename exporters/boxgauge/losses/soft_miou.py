"""Soft mIoU loss: one minus the mean IoU of the classes' soft masks."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.masks import paired_masks
from boxgauge.losses.ranges import refuse_outside


def soft_miou_loss(
    prob: Float[Tensor, "n k p"], target: Float[Tensor, "n k p"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return ``1 - mIoU`` for each image.

    .. math::
        mIoU = \frac{1}{k} \sum_c
               \frac{\sum_p p_c\,t_c + \epsilon}{\sum_p (p_c + t_c - p_c\,t_c) + \epsilon}

    Args:
        prob: Probabilities of k ≥ 1 classes for each pixel, in [0, 1].
        target: One-hot true classes, paired with ``prob``.
        eps: Added above and below, in pixels: a class that is in neither mask counts as
            right. A class absent from ``target`` alone has IoU 0, almost no gradient.

    Returns:
        One loss per image, in [0, 1]: 0 where ``prob`` equals ``target``.

    Edges:
        No pixels: every class counts as right, 0. A class in neither mask has IoU 1, and a
        steep slope, 1 / (k eps), away from it; of float16, which must hold that slope, eps is
        at least 2 / 65504. Numbers outside [0, 1] count as its nearer end, with zero
        gradient. Half precision is widened to float32.

    When to use:
        To train a segmentation of several classes towards mIoU, beside cross entropy. Few
        pixels an image make it noisy, since each image has a mean of its own; for hard
        masks compare with :func:`lovasz_softmax_loss`.

    Raises:
        ValueError: ``eps`` is below 1e-16, or the masks do not pair up or are not of shape
            [n, k, p].

    References:
        Rahman and Wang, "Optimizing Intersection-Over-Union in Deep Neural Networks for
        Image Segmentation", ISVC 2016, Eq. 3-5.
    """
    refuse_outside("[1e-16, 1e6]", eps=eps)

    # The slope of a class in neither mask, up to 1 / eps, is handed back in the type of `prob`.
    eps = max(eps, 2 / torch.finfo(prob.dtype).max)
    prob, target = paired_masks(prob, target, "n, k, p")
    overlap = (prob * target).sum(-1)
    union = prob.sum(-1) + target.sum(-1) - overlap

    iou = (overlap + eps) / (union + eps)
    return 1 - iou.mean(-1)
