"""Cross entropy of one class among many."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.losses.labels import labelled
from boxgauge.losses.ranges import refuse_outside


def cross_entropy_loss(
    logits: Float[Tensor, "n k"],
    target: Int[Tensor, "n"],
    *,
    label_smoothing: float = 0.0,
    ignore_index: int = -100,
) -> Float[Tensor, "n"]:
    r"""Return the cross entropy of each row of logits with its class.

    With :math:`p = softmax(x)` over k classes, :math:`y` the class and
    :math:`\varepsilon` the label smoothing,

    .. math::
        L = -(1 - \varepsilon) \ln p_y - \frac{\varepsilon}{k} \sum_{j=1}^{k} \ln p_j

    Args:
        logits: Any finite numbers, a row of k classes for each answer. Background, if
            there is one, is a class like any other.
        target: Classes in [0, k), paired with ``logits`` by row.
        label_smoothing: Share :math:`\varepsilon` in [0, 1] of the label that is spread
            over all k classes evenly, the true one included, as in the paper and PyTorch.
        ignore_index: A class whose rows cost nothing; the default is PyTorch's.

    Returns:
        One loss per row, in nats, at least 0: ``ln k`` for equal logits; 0 for a single
        class, and without smoothing in the limit of a certain and right answer. With it,
        such an answer costs ever more again.

    Edges:
        A row whose class is ``ignore_index`` or outside [0, k) costs 0 and has zero
        gradient, because a graph cannot raise on a value. PyTorch raises for the latter,
        and leaves ignored rows out of its mean: here divide the sum by the number of
        rows that count. Logits of 1e4 are safe, half precision is widened to float32.

    When to use:
        Exactly one class is right: second stages with a background class, and whole
        images. Where a box may have several classes or none, use binary cross entropy
        or focal loss on each.

    Raises:
        TypeError: The classes or ``ignore_index`` are no integers.
        ValueError: The shapes are not [n, k] and [n], or ``label_smoothing`` is outside
            [0, 1].

    References:
        Good, "Rational Decisions", J. Royal Statistical Society B 14, 1952.
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
        CVPR 2016, Section 7 (label smoothing). https://arxiv.org/abs/1512.00567
    """
    refuse_outside("[0, 1]", label_smoothing=label_smoothing)
    if not isinstance(ignore_index, int):
        raise TypeError(f"ignore_index must be an integer: got {ignore_index!r}")

    logits, one_hot = labelled(logits, target)
    one_hot = one_hot * (target != ignore_index).unsqueeze(-1)
    surprise = -logits.log_softmax(-1)
    loss = (one_hot * surprise).sum(-1)
    if label_smoothing == 0:
        return loss
    spread = surprise.sum(-1) / torch.ones_like(surprise).sum(-1).clamp(min=1)
    return (1 - label_smoothing) * loss + label_smoothing * spread * one_hot.sum(-1)
