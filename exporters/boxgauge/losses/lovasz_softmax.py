"""Lovász-Softmax loss: a surrogate of the mean IoU of several classes."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.lovasz import lovasz_jaccard
from boxgauge.losses.masks import paired_masks


def lovasz_softmax_loss(
    prob: Float[Tensor, "n k p"],
    target: Float[Tensor, "n k p"],
    *,
    classes: Literal["present", "all"] = "present",
) -> Float[Tensor, "n"]:
    r"""Return the Lovász-Softmax loss of each image.

    With :math:`\overline{\Delta}` the Lovász extension of :math:`1 - IoU`, that is the sum
    over the sorted errors of each error times the loss of IoU that the pixel adds,

    .. math::
        L = \frac{1}{|C|} \sum_{c \in C} \overline{\Delta}(m_c), \quad
        m_{c,p} = |t_{c,p} - p_{c,p}|

    Cost: one sort for each class of each image.

    Args:
        prob: Probabilities of k ≥ 1 classes for each pixel, in [0, 1], usually a softmax
            over the classes.
        target: One-hot true classes, paired with ``prob``; from 1/2 on a number counts as
            1, below as 0. A pixel with no class is background to all.
        classes: ``"present"``: the mean over the classes that ``target`` has in this image,
            as in the paper and the default of its code. ``"all"``: over all k, as that code
            has it too; an absent class then costs its highest probability.

    Returns:
        One loss per image, in [0, 1]: 0 where ``prob`` equals ``target``, and 1 - mIoU
        over these classes where ``prob`` is one-hot.

    Edges:
        No pixels, or no class present: 0. Equal errors share the value, but have the
        gradients of the order by index. Numbers outside [0, 1] count as its nearer end,
        with zero gradient. Half precision is widened to float32. The authors' code takes a
        batch as one image unless ``per_image`` is set: move n into p for that.

    When to use:
        To tune a segmentation for mIoU, after or beside cross entropy; its gradient says
        little while most pixels are wrong.

    Raises:
        ValueError: ``classes`` is neither of the two, or the masks do not pair up or are not of
            shape [n, k, p].

    References:
        Berman et al., "The Lovász-Softmax Loss: A Tractable Surrogate for the Optimization
        of the Intersection-Over-Union Measure in Neural Networks", CVPR 2018,
        Algorithm 1. https://arxiv.org/abs/1705.08790
    """
    if classes not in ("present", "all"):
        raise ValueError(f'classes must be "present" or "all": got {classes!r}')

    prob, target = paired_masks(prob, target, "n, k, p")
    truth = (target >= 0.5).to(prob.dtype)
    # |t - p| without the kink: at a right pixel the slope is that of the paper's formula.
    loss = lovasz_jaccard(truth * (1 - prob) + (1 - truth) * prob, truth)
    counted = (truth.sum(-1) > 0).to(loss.dtype) if classes == "present" else torch.ones_like(loss)
    return (loss * counted).sum(-1) / counted.sum(-1).clamp(min=1.0)
