"""Shape-IoU loss: distance and shape, weighted by the shape of the target."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import (
    centre_offset,
    hull,
    intersection_over_union,
    squared_diagonal,
)
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.ranges import refuse_outside

_THETA = 4


def shape_iou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    scale: float = 0.0,
) -> Float[Tensor, "n"]:
    r"""Return the Shape-IoU loss of each pair of boxes.

    With :math:`w'`, :math:`h'` the sides of the target, :math:`s` the scale, :math:`c` the
    diagonal of the hull and :math:`(d_x, d_y)` the way between the centres,

    .. math::
        a_w = \frac{2 w'^s}{w'^s + h'^s}, \quad a_h = \frac{2 h'^s}{w'^s + h'^s}, \quad
        D = \frac{a_h d_x^2 + a_w d_y^2}{c^2}

    .. math::
        L = 1 - IoU + D + \frac{1}{2} \sum_{t = w, h} \big(1 - e^{-\omega_t}\big)^4, \quad
        \omega_w = a_h \frac{|w - w'|}{\max(w, w')}, \quad
        \omega_h = a_w \frac{|h - h'|}{\max(h, h')}

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and for :math:`c^2` (px²), and for sides where one is divided
            by or taken to the power (px).
        scale: How much the target's shape matters, chosen for the size of a data set's
            objects; 0, the default of the author's code, weighs both axes alike (with 1).

    Returns:
        One loss per pair: 0 for equal boxes with area; below 2.16 for a scale of 0, below 3.28
        for any.

    Edges:
        Boxes apart attract by their centres, more along the short side of the target. Two
        equal points cost 1. Any scale and any shape keep the weights in [0, 2]. Half precision
        is widened to float32.

    When to use:
        For data sets of long, thin objects, with a scale tried out on them. It is not symmetric
        in its arguments unless the scale is 0.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``scale`` is not finite, or the boxes do not pair up
            or are not of shape [n, 4].

    References:
        Zhang and Zhang, "Shape-IoU: More Accurate Metric considering Bounding Box Shape and
        Scale", 2023, Section 3. https://arxiv.org/abs/2312.17663
    """
    refuse_outside("[-1e6, 1e6]", scale=scale)

    a, b = paired_corners(pred, target, eps)
    # w^s / (w^s + h^s) as a sigmoid: neither power can overflow.
    elongation = b.width.clamp(min=eps).log() - b.height.clamp(min=eps).log()
    weight_w, weight_h = 2 * (scale * elongation).sigmoid(), 2 * (-scale * elongation).sigmoid()

    offset = centre_offset(a, b)
    distance = weight_h * offset.x.square() + weight_w * offset.y.square()
    distance = distance / squared_diagonal(hull(a, b)).clamp(min=eps)

    omega_w = weight_h * _relative_difference(a.width, b.width, eps)
    omega_h = weight_w * _relative_difference(a.height, b.height, eps)
    shape = (1 - (-omega_w).exp()).pow(_THETA) + (1 - (-omega_h).exp()).pow(_THETA)
    return 1 - intersection_over_union(a, b, eps) + distance + shape / 2


def _relative_difference(
    side: Float[Tensor, "n"], other: Float[Tensor, "n"], eps: float
) -> Float[Tensor, "n"]:
    return (side - other).abs() / side.maximum(other).clamp(min=eps)
