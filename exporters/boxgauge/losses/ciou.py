"""CIoU loss: IoU, the distance of the centres and the difference of the shapes."""

import math
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import Corners, area, hull, intersection
from boxgauge.losses.pairs import paired_corners


def ciou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    alpha: Literal["official", "yolo"] = "official",
) -> Float[Tensor, "n"]:
    r"""Return ``1 - CIoU`` for each pair of boxes.

    With :math:`\rho` the distance of the centres and :math:`c` the diagonal of the hull,

    .. math::
        L = 1 - IoU + \frac{\rho^2}{c^2} + \alpha v, \quad
        v = \frac{4}{\pi^2} \Big(\arctan\frac{w'}{h'} - \arctan\frac{w}{h}\Big)^2

    The trade-off :math:`\alpha` is a constant to the gradient, as in the code of its
    authors; the gradient of :math:`v` is exact.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and for :math:`c^2` (px²), for the heights (px) and for
            the denominator of :math:`\alpha`.
        alpha: ``"official"``: v / (1 - IoU + v) where IoU > 0.5, else 0, as in the
            journal version; ``"yolo"``: v / (1 - IoU + v + eps) everywhere, as in the
            YOLO family.

    Returns:
        One loss per pair, in [0, 3): 0 for equal boxes with area.

    Raises:
        ValueError: ``alpha`` is neither of the two.

    References:
        Zheng et al., "Distance-IoU Loss", AAAI 2020, Eq. 8-11.
        https://arxiv.org/abs/1911.08287
        Zheng et al., "Enhancing Geometric Factors in Model Learning and Inference for
        Object Detection and Instance Segmentation", IEEE Trans. Cybernetics 2022.
        https://arxiv.org/abs/2005.03572
    """
    if alpha not in ("official", "yolo"):
        raise ValueError(f'alpha must be "official" or "yolo": got {alpha!r}')

    a, b = paired_corners(pred, target)
    overlap = intersection(a, b)
    union = area(a) + area(b) - overlap
    iou = overlap / union.clamp(min=eps)

    distance = _squared_centre_distance(a, b) / _squared_diagonal(hull(a, b)).clamp(min=eps)

    v = 4 / math.pi**2 * (_angle(b, eps) - _angle(a, eps)).square()
    if alpha == "official":
        trade_off = v / (1 - iou + v).clamp(min=eps) * (iou > 0.5).to(v.dtype)
    else:
        trade_off = v / (1 - iou + v + eps)

    return 1 - iou + distance + trade_off.detach() * v


def _squared_centre_distance(a: Corners, b: Corners) -> Float[Tensor, "n"]:
    across = (a.x1 + a.x2 - b.x1 - b.x2) / 2
    down = (a.y1 + a.y2 - b.y1 - b.y2) / 2
    return across.square() + down.square()


def _squared_diagonal(box: Corners) -> Float[Tensor, "n"]:
    return (box.x2 - box.x1).square() + (box.y2 - box.y1).square()


def _angle(box: Corners, eps: float) -> Float[Tensor, "n"]:
    # Not atan2: its gradient at an empty box is NaN.
    return ((box.x2 - box.x1) / (box.y2 - box.y1).clamp(min=eps)).atan()
