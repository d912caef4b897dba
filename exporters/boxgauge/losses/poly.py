"""Poly-1 loss: cross entropy with its leading polynomial coefficient changed."""

from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.losses.labels import labelled
from boxgauge.losses.ranges import refuse_outside


def poly_loss(
    logits: Float[Tensor, "n k"], target: Int[Tensor, "n"], *, epsilon: float = 1.0
) -> Float[Tensor, "n"]:
    r"""Return the Poly-1 cross entropy of each row of logits with its class.

    Cross entropy is :math:`\sum_j (1 - p_y)^j / j`. Poly-1 changes the first coefficient:
    with :math:`p = softmax(x)` and :math:`y` the class,

    .. math:: L = -\ln p_y + \epsilon_1 (1 - p_y)

    Args:
        logits: Any finite numbers, a row of k classes for each answer.
        target: Classes in [0, k), paired with ``logits`` by row.
        epsilon: Change :math:`\epsilon_1` of the leading coefficient, at least -1 (which
            takes it away). The paper tunes it for each task: above 0 for ImageNet, where
            it gives 2, below 0 for detection.

    Returns:
        One loss per row, in nats, at least 0; 0 for a single class, and in the limit of a
        certain and right answer.

    Edges:
        A row whose class is outside [0, k) costs 0 and has zero gradient, because a graph
        cannot raise on a value. Logits of 1e4 are safe, half precision is widened to
        float32.

    When to use:
        As a cheap variation of cross entropy with one number to tune; expect little where
        that number is not tuned. ``epsilon=0`` is cross entropy.

    Raises:
        TypeError: The classes are no integers.
        ValueError: ``epsilon`` is below -1, or the shapes are not [n, k] and [n].

    References:
        Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss
        Functions", ICLR 2022, Poly-1. https://arxiv.org/abs/2204.12511
    """
    refuse_outside("[-1, 1e6]", epsilon=epsilon)

    logits, one_hot = labelled(logits, target)
    surprise = -(one_hot * logits.log_softmax(-1)).sum(-1)
    # expm1 keeps 1 - p where p is close to 1; of an ignored row it is 0.
    return surprise - epsilon * (-surprise).expm1()
