"""Seesaw loss: rare classes are spared the gradients of the common ones."""

import math
from typing import NamedTuple

from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.losses.labels import labelled
from boxgauge.losses.ranges import refuse_outside


class Seesaw(NamedTuple):
    """The loss of each row, and the counts to hand in with the next batch."""

    loss: Float[Tensor, "n"]
    next_class_counts: Int[Tensor, "k"]


def seesaw_loss(
    logits: Float[Tensor, "n k"],
    target: Int[Tensor, "n"],
    class_counts: Int[Tensor, "k"],
    *,
    p: float = 0.8,
    q: float = 2.0,
    eps: float = 1e-2,
) -> Seesaw:
    r"""Return the seesaw loss of each row of logits with its class, and the next counts.

    With :math:`\sigma = softmax(x)`, :math:`i` the class of a row and :math:`N` how often
    each class was seen,

    .. math::
        L = -\ln \frac{e^{x_i}}{e^{x_i} + \sum_{j \ne i} S_{ij} e^{x_j}}, \quad
        S_{ij} = \min\Big(1, \frac{N_j}{N_i}\Big)^p \max\Big(1, \frac{\sigma_j}{\sigma_i}\Big)^q

    The first factor mitigates what a common class does to a rarer one, the second
    compensates where the rarer one is wrongly preferred. Both are constants to the
    gradient, as in the authors' code.

    Args:
        logits: Any finite numbers, a row of k classes for each answer.
        target: Classes in [0, k), paired with ``logits`` by row.
        class_counts: How often each class was seen in all batches before; zeros to begin
            with. The classes of this batch are added before they are used, as in the
            authors' code.
        p: Exponent of the mitigation, at least 0; 0 switches it off.
        q: Exponent of the compensation, at least 0; 0 switches it off.
        eps: Floor for :math:`\sigma_i` in the compensation; 0 is the paper's equation,
            1e-2 the authors' code.

    Returns:
        One loss per row, in nats, at least 0; and the counts with this batch's added.

    Edges:
        A class not seen yet counts as seen once. A row whose class is outside [0, k) costs
        0, has zero gradient and is not counted. An empty batch leaves the counts as they
        were. Logits of 1e4 are safe, half precision is widened to float32. The authors'
        head has a separate output for objectness and leaves the background out of this
        loss: give it rows of objects only.

    When to use:
        Classes with a long tail, hundreds of which are rare (LVIS), in a second stage. For
        balanced classes it is close to cross entropy and not worth its state.

    Raises:
        TypeError: The classes are no integers.
        ValueError: An exponent is negative, ``eps`` is outside [0, 1), or the shapes are not
            [n, k], [n] and [k].

    References:
        Wang et al., "Seesaw Loss for Long-Tailed Instance Segmentation", CVPR 2021.
        https://arxiv.org/abs/2008.10032
    """
    refuse_outside("[0, 1e6]", p=p, q=q)
    refuse_outside("[0, 1)", eps=eps)
    logits, one_hot = labelled(logits, target)
    if class_counts.ndim != 1 or class_counts.shape[0] != logits.shape[-1]:
        raise ValueError(
            "there must be one count for each class:"
            f" got shapes {[*class_counts.shape]} and {[*logits.shape]}"
        )

    counts = class_counts + one_hot.sum(0).to(class_counts.dtype)

    log_counts = counts.to(logits.dtype).clamp(min=1.0).log()
    log_mitigation = (log_counts - _own(log_counts, one_hot)).clamp(max=0.0)

    log_probs = logits.detach().log_softmax(-1)
    own_log_prob = _own(log_probs, one_hot)
    if eps:
        own_log_prob = own_log_prob.clamp(min=math.log(eps))
    log_compensation = (log_probs - own_log_prob).clamp(min=0.0)

    # Of a row's own class both are 0.
    reweighted = logits + p * log_mitigation + q * log_compensation
    return Seesaw(-(one_hot * reweighted.log_softmax(-1)).sum(-1), counts)


def _own(values: Tensor, one_hot: Float[Tensor, "n k"]) -> Float[Tensor, "n 1"]:
    """Return the value of each row's class."""
    return (one_hot * values).sum(-1, keepdim=True)
