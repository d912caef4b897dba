"""Quality focal loss: focal loss for a label that is an IoU, not a yes or no."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.logits import surprises
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def quality_focal_loss(
    logits: Float[Tensor, "..."], quality: Float[Tensor, "..."], *, beta: float = 2.0
) -> Float[Tensor, "..."]:
    r"""Return the quality focal loss of each logit.

    With :math:`\sigma = 1 / (1 + e^{-x})` and :math:`y` the quality,

    .. math::
        QFL = -|y - \sigma|^\beta \big((1 - y) \ln(1 - \sigma) + y \ln \sigma\big)

    The gradient includes that of the modulating factor, as in the code of its authors
    and mmdetection.

    Args:
        logits: Any finite numbers, of any shape.
        quality: Soft labels in [0, 1], paired with ``logits``: the IoU of the predicted
            box for the class of the object, 0 for everything else.
        beta: Focusing exponent, 0 or at least 1; 0 gives cross entropy.

    Returns:
        One loss per logit, in nats, at least 0: 0 where :math:`\sigma = y`, unless ``beta`` is 0.

    Edges:
        A ``beta`` between 0 and 1 is refused: the gradient of the factor is infinite at
        :math:`\sigma = y`, which is where training goes. At ``beta`` 1 the gradient
        jumps there, and is 0 at the point itself. Qualities are not checked: outside
        [0, 1] the loss may be negative. Half precision is widened to float32. As for
        focal loss, the sum is divided by the number of positives, or by the sum of their
        qualities.

    When to use:
        A dense detector whose score shall rank boxes by how well they fit, without a
        separate centredness or IoU branch. Hard labels make it focal loss without
        ``alpha``.

    Raises:
        ValueError: ``beta`` is negative or strictly between 0 and 1, or the shapes differ.

    References:
        Li et al., "Generalized Focal Loss", NeurIPS 2020, Eq. 2.
        https://arxiv.org/abs/2006.04388
    """
    refuse_outside("0 or [1, 1e6]", beta=beta)

    logits, quality = paired(logits, quality)
    if_positive, if_negative = surprises(logits)
    # y - sigma = y (1 - sigma) - (1 - y) sigma, which loses nothing when both are close to 1.
    error = quality * (-if_negative).exp() - (1 - quality) * (-if_positive).exp()
    return error.abs().pow(beta) * (quality * if_positive + (1 - quality) * if_negative)
