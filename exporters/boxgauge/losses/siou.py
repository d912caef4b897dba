"""SIoU loss: IoU, the distance of the centres by their direction, and the shapes."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import (
    Corners,
    centre_offset,
    hull,
    intersection_over_union,
    squared_centre_distance,
)
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.ranges import refuse_outside


def siou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    theta: float = 4.0,
) -> Float[Tensor, "n"]:
    r"""Return the SCYLLA-IoU loss of each pair of boxes.

    With :math:`(d_x, d_y)` the way between the centres, :math:`\varphi` its angle to the x
    axis, and :math:`c_w`, :math:`c_h` the sides of the hull,

    .. math::
        L = 1 - IoU + \frac{\Delta + \Omega}{2}, \quad
        \Delta = \sum_{t = x, y} \big(1 - e^{-(2 - \Lambda) \rho_t}\big), \quad
        \Omega = \sum_{t = w, h} \big(1 - e^{-\omega_t}\big)^\theta

    .. math::
        \rho_x = \frac{d_x^2}{c_w^2}, \quad \rho_y = \frac{d_y^2}{c_h^2}, \quad
        \omega_w = \frac{|w - w'|}{\max(w, w')}, \quad
        \omega_h = \frac{|h - h'|}{\max(h, h')}

    The paper's angle cost :math:`\Lambda = 1 - 2 \sin^2(\arcsin x - \pi / 4)` is
    :math:`\sin 2\varphi = 2 |d_x d_y| / (d_x^2 + d_y^2)`, which needs no arcsine: its slope
    is infinite where the centres are in line.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union, the squared sides of the hull and the squared distance of
            the centres (px²), and for the larger width and height (px).
        theta: How sharply shape counts, at least 1; the paper's range is 2 to 6. YOLOv6,
            mmyolo and the code of Wise-IoU's authors take 4.

    Returns:
        One loss per pair: 0 for equal boxes with area; below 2.03 for a theta of 4, below 2.5 for
        any.

    Edges:
        Boxes apart attract. But as :math:`\Lambda` enters with a minus, distance costs less
        near the diagonal than near an axis: descent may enlarge the smaller of the two
        offsets first, where the paper's text intends the opposite. Centres in line or
        together have :math:`\Lambda = 0`. Two equal points cost 1. Half precision is widened
        to float32.

    When to use:
        As an alternative to CIoU, the default of some YOLOv6 models. The paper uses
        :math:`c_w`, :math:`c_h` for the way between the centres as well as, in
        :math:`\rho`, for the sides of the hull; the libraries named read it as above.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``theta`` is below 1, or the boxes do not pair up or
            are not of shape [n, 4].

    References:
        Gevorgyan, "SIoU Loss: More Powerful Learning for Bounding Box Regression", 2022,
        Section 2. https://arxiv.org/abs/2205.12740
    """
    refuse_outside("[1, 1e6]", theta=theta)

    a, b = paired_corners(pred, target, eps)
    distance = _distance_cost(a, b, eps)
    shape = _shape_cost(a.width, b.width, eps, theta) + _shape_cost(a.height, b.height, eps, theta)
    return 1 - intersection_over_union(a, b, eps) + (distance + shape) / 2


def _distance_cost(a: Corners, b: Corners, eps: float) -> Float[Tensor, "n"]:
    offset = centre_offset(a, b)
    angle = 2 * (offset.x * offset.y).abs() / squared_centre_distance(a, b).clamp(min=eps)
    enclosing = hull(a, b)
    across = offset.x.square() / enclosing.width.square().clamp(min=eps)
    down = offset.y.square() / enclosing.height.square().clamp(min=eps)
    return 2 - ((angle - 2) * across).exp() - ((angle - 2) * down).exp()


def _shape_cost(
    side: Float[Tensor, "n"], other: Float[Tensor, "n"], eps: float, theta: float
) -> Float[Tensor, "n"]:
    omega = (side - other).abs() / side.maximum(other).clamp(min=eps)
    return (1 - (-omega).exp()).pow(theta)
