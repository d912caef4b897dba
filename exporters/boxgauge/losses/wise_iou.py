"""Wise-IoU losses: IoU, amplified by distance and focused by how unusual a pair is."""

import math
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import (
    at_least_float32,
    hull,
    intersection_over_union,
    squared_centre_distance,
    squared_diagonal,
)
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.reduction import count

# Of alpha**delta: far less would do, and far more would overflow float32.
_MOST_EXPONENT = 30
# Of the running mean: with less, the cube of 1 / mean times a steep slope would overflow.
_LEAST_MEAN = 1e-5


class WiseIoU(NamedTuple):
    """A loss per pair, and the running mean for the next batch."""

    loss: Float[Tensor, "n"]
    next_mean_iou_loss: Float[Tensor, "1"]


def wise_iou_loss(
    pred: Float[Tensor, "n 4"], target: Float[Tensor, "n 4"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return the Wise-IoU loss, version 1, of each pair of boxes.

    With :math:`\rho` the distance of the centres and :math:`c` the diagonal of the hull, a
    constant to the gradient,

    .. math:: L_{v1} = R \, L_{IoU}, \quad R = \exp\frac{\rho^2}{c^2}, \quad L_{IoU} = 1 - IoU

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and for :math:`c^2`, in px².

    Returns:
        One loss per pair, in [0, e]: 0 for equal boxes with area, e for two points apart.

    Edges:
        Boxes apart attract by their centres, as the factor knows the distance. Two equal
        points cost 1. As :math:`c` is held constant, nothing rewards a larger hull. Half
        precision is widened to float32.

    When to use:
        As DIoU, with a penalty for distance that fades out as the overlap grows; it has no
        state, versions 2 and 3 have.

    Raises:
        ValueError: ``eps`` is below 1e-16, or the boxes do not pair up or are not of shape
            [n, 4].

    References:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing
        Mechanism", 2023, WIoU v1. https://arxiv.org/abs/2301.10051
    """
    a, b = paired_corners(pred, target, eps)
    constant = squared_diagonal(hull(a, b)).detach().clamp(min=eps)
    attention = (squared_centre_distance(a, b) / constant).exp()
    return attention * (1 - intersection_over_union(a, b, eps))


def wise_iou_v2_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    mean_iou_loss: Float[Tensor, "1"],
    *,
    eps: float = 1e-7,
    gamma: float = 0.5,
    momentum: float = 0.01,
) -> WiseIoU:
    r"""Return the Wise-IoU loss, version 2 (monotonic focusing), and its next state.

    With :math:`m` the momentum and :math:`\overline{L}_{IoU}` the running mean of the IoU loss,

    .. math::
        L_{v2} = \Big(\frac{L_{IoU}}{\overline{L}_{IoU}}\Big)^\gamma L_{v1}, \quad
        \overline{L}_{IoU} \leftarrow (1 - m) \overline{L}_{IoU} + \frac{m}{n} \sum L_{IoU}

    The factor of :math:`L_{v1}` is a constant to the gradient, and its mean includes this
    batch, as in the authors' code.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        mean_iou_loss: The running mean so far, in [0, 1]; 1 at the start.
        eps: Floor for the union and for :math:`c^2` (px²), and for the running mean, there at
            least 1e-5.
        gamma: How much worse pairs count for more, in [0, 3]; 0 gives version 1. The authors'
            code has 0.5.
        momentum: Weight of this batch in the mean, in [0, 1]; 0 to evaluate. The paper has
            it reach 95% of the way in t epochs of k batches: 1 - 0.05**(1 / (t * k)); 0.01 is
            what the authors' later code has.

    Returns:
        One loss per pair, at least 0: 0 for equal boxes with area; and the mean for the next
        call. The loss of a pair depends, through the mean, on the whole batch.

    Edges:
        An empty batch leaves the mean as it is. Boxes apart attract. A mean of 0, nothing but
        perfect boxes so far, gives large but finite losses. Half precision is widened to
        float32, the mean included.

    When to use:
        Where the hard pairs of a clean data set should count for more. Version 3 is the
        authors' choice where labels are noisy.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``gamma`` is not in [0, 3], ``momentum`` not in [0,
            1], or the boxes do not pair up or are not of shape [n, 4].

    References:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing
        Mechanism", 2023, WIoU v2. https://arxiv.org/abs/2301.10051
    """
    # Beyond, a mean at its floor would make the gradient overflow.
    refuse_outside("[0, 3]", gamma=gamma)

    outlier_degree, next_mean = _outlier_degree(pred, target, mean_iou_loss, eps, momentum)
    focus = outlier_degree.pow(gamma)
    return WiseIoU(focus * wise_iou_loss(pred, target, eps=eps), next_mean)


def wise_iou_v3_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    mean_iou_loss: Float[Tensor, "1"],
    *,
    eps: float = 1e-7,
    alpha: float = 1.9,
    delta: float = 3.0,
    momentum: float = 0.01,
) -> WiseIoU:
    r"""Return the Wise-IoU loss, version 3 (non-monotonic focusing), and its next state.

    With the running mean of version 2, :math:`\overline{L}_{IoU}`,

    .. math::
        L_{v3} = r \, L_{v1}, \quad r = \frac{\beta}{\delta \, \alpha^{\beta - \delta}}, \quad
        \beta = \frac{L_{IoU}}{\overline{L}_{IoU}}

    The gain :math:`r`, a constant to the gradient, is greatest for the outlier degree
    :math:`\beta = 1 / \ln\alpha` and 1 for :math:`\beta = \delta`: very good and very bad pairs
    both count for less.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        mean_iou_loss: The running mean so far, in [0, 1]; 1 at the start.
        eps: Floor for the union and for :math:`c^2` (px²), and for the running mean, there at
            least 1e-5.
        alpha: Base of the decay for outliers, at least 1. The paper's choice for COCO is
            1.9 with a delta of 3; the authors' later code has 1.7 and 2.7.
        delta: Outlier degree with a gain of 1, at least 1e-6.
        momentum: As in version 2.

    Returns:
        One loss per pair, at least 0: 0 for equal boxes with area; and the mean for the next
        call. The loss of a pair depends, through the mean, on the whole batch.

    Edges:
        An empty batch leaves the mean as it is. Boxes apart attract, the less the better the
        others fit: for a low mean their gain goes to 0. Half precision is widened to float32,
        the mean included.

    When to use:
        Where some labels are wrong and should not pull. The losses of two batches cannot be
        compared, as the mean moves.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``alpha`` is below 1, ``delta`` below 1e-6, their
            power out of range, ``momentum`` not in [0, 1], or the boxes do not pair up or are not
            of shape [n, 4].

    References:
        Tong et al., "Wise-IoU: Bounding Box Regression Loss with Dynamic Focusing
        Mechanism", 2023, WIoU v3. https://arxiv.org/abs/2301.10051
    """
    refuse_outside("[1, 1e6]", alpha=alpha)
    refuse_outside("[1e-6, 1e6]", delta=delta)
    if not delta * math.log(alpha) <= _MOST_EXPONENT:
        raise ValueError(
            f"alpha**delta must be at most exp({_MOST_EXPONENT}): got {alpha} and {delta}"
        )

    beta, next_mean = _outlier_degree(pred, target, mean_iou_loss, eps, momentum)
    gain = beta / delta * ((delta - beta) * math.log(alpha)).exp()
    return WiseIoU(gain * wise_iou_loss(pred, target, eps=eps), next_mean)


def _outlier_degree(
    pred: Tensor, target: Tensor, mean_iou_loss: Tensor, eps: float, momentum: float
) -> tuple[Float[Tensor, "n"], Float[Tensor, "1"]]:
    """Return the IoU loss over its running mean, this batch included, and that mean."""
    refuse_outside("[0, 1]", momentum=momentum)

    iou_loss = 1 - intersection_over_union(*paired_corners(pred.detach(), target, eps), eps)
    if mean_iou_loss.shape != (1,):
        raise ValueError(f"mean_iou_loss must be of shape [1]: got {[*mean_iou_loss.shape]}")
    mean = at_least_float32(mean_iou_loss.detach())
    # The mean of the differences, not the difference of the means: nothing moves at n = 0.
    next_mean = mean + momentum * (iou_loss - mean).sum() / count(iou_loss)
    return iou_loss / next_mean.clamp(min=max(eps, _LEAST_MEAN)), next_mean
