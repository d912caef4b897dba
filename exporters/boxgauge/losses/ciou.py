"""CIoU loss: IoU, the distance of the centres and the difference of the shapes."""

from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import distance_term, intersection_over_union, shape_term
from boxgauge.losses.pairs import paired_corners

TradeOff = Literal["official", "yolo", "differentiated"]


def ciou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    alpha: TradeOff = "official",
) -> Float[Tensor, "n"]:
    r"""Return ``1 - CIoU`` for each pair of boxes.

    With :math:`\rho` the distance of the centres and :math:`c` the diagonal of the hull,

    .. math::
        L = 1 - IoU + \frac{\rho^2}{c^2} + \alpha v, \quad
        v = \frac{4}{\pi^2} \Big(\arctan\frac{w'}{h'} - \arctan\frac{w}{h}\Big)^2

    The trade-off :math:`\alpha` is a constant to the gradient, as in the code of its
    authors, unless asked otherwise; the gradient of :math:`v` is exact.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and for :math:`c^2` (px²), for the heights (px) and for
            the denominator of :math:`\alpha`.
        alpha: ``"official"``: v / (1 - IoU + v) where IoU > 0.5, else 0, as in the later
            code of the authors and in mmdetection (the journal version takes an IoU of
            exactly 0.5 in); ``"yolo"``: v / (1 - IoU + v + eps) everywhere, as in the AAAI
            version, torchvision and the YOLO family; ``"differentiated"``: the same values,
            but no constant to the gradient, as in KerasCV.

    Returns:
        One loss per pair, in [0, 2] with ``"official"``, else in [0, 2.5]: 0 for equal
        boxes with area.

    Edges:
        Boxes apart attract by their centres; with ``"official"`` their shapes do not
        matter until they overlap by half. Two equal points cost 1. For a box with a height
        near 0 the gradient of :math:`v` is large but finite. Half precision is widened to
        float32.

    When to use:
        As the default of the YOLO family, where the aspect ratio matters. EIoU corrects
        width and height apart: :math:`v` is 0 for every box of the right aspect ratio.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``alpha`` is none of the three, or the boxes do not
            pair up or are not of shape [n, 4].

    References:
        Zheng et al., "Distance-IoU Loss", AAAI 2020, Eq. 8-11.
        https://arxiv.org/abs/1911.08287
        Zheng et al., "Enhancing Geometric Factors in Model Learning and Inference for
        Object Detection and Instance Segmentation", IEEE Trans. Cybernetics 2022.
        https://arxiv.org/abs/2005.03572
    """
    if alpha not in get_args(TradeOff):
        raise ValueError(f'alpha must be "official", "yolo" or "differentiated": got {alpha!r}')

    a, b = paired_corners(pred, target, eps)
    iou = intersection_over_union(a, b, eps)
    v = shape_term(a, b, eps)
    if alpha == "official":
        trade_off = v / (1 - iou + v).clamp(min=eps) * (iou > 0.5).to(v.dtype)
    else:
        trade_off = v / (1 - iou + v + eps)

    if alpha != "differentiated":
        trade_off = trade_off.detach()
    return 1 - iou + distance_term(a, b, eps) + trade_off * v
