"""Lovász hinge loss: a convex surrogate of the IoU of one foreground."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.lovasz import lovasz_jaccard
from boxgauge.losses.pairs import paired


def lovasz_hinge_loss(
    logits: Float[Tensor, "n p"], target: Float[Tensor, "n p"]
) -> Float[Tensor, "n"]:
    r"""Return the Lovász hinge of each image, for one foreground.

    With signs :math:`y = 2t - 1` and :math:`\overline{\Delta}` the Lovász extension of
    :math:`1 - IoU`, that is the sum over the sorted errors of each error times the loss of
    IoU that the pixel adds,

    .. math:: L = \overline{\Delta}(m), \quad m_p = \max(0,\, 1 - x_p\, y_p)

    Cost: one sort a row.

    Args:
        logits: Any finite numbers, one image a row.
        target: True masks of 0 and 1, paired with ``logits``; from 1/2 on a pixel counts
            as 1, below as 0.

    Returns:
        One loss per image, at least 0, unbounded: 0 where every logit is right by 1 or
        more. Logits of +1 and -1 cost twice the 1 - IoU of the mask that they say.

    Edges:
        An image without foreground costs the hinge of its highest logit, and only that
        pixel has a gradient. No pixels: 0. Equal errors share the value, but have the
        gradients of the order by index. Finite for every finite logit. Half precision is
        widened to float32.

    When to use:
        To tune a mask for IoU itself, after or beside cross entropy: alone from scratch it
        is slow to start. The authors' code also averages over images, as ``reduce`` does.

    Raises:
        ValueError: The masks do not pair up or are not of shape [n, p].

    References:
        Berman et al., "The Lovász-Softmax Loss: A Tractable Surrogate for the Optimization
        of the Intersection-Over-Union Measure in Neural Networks", CVPR 2018,
        Algorithm 1. https://arxiv.org/abs/1705.08790
    """
    logits, target = paired(logits, target, "n, p")
    truth = (target >= 0.5).to(logits.dtype)
    return lovasz_jaccard((1 - logits * (2 * truth - 1)).clamp(min=0.0), truth)
