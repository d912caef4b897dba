"""Alpha-IoU losses: the IoU family, each term to a power."""

from typing import Literal, get_args

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import (
    Corners,
    area,
    distance_term,
    hull,
    intersection,
    intersection_over_union,
    shape_term,
)
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.powers import power
from boxgauge.losses.ranges import refuse_outside

Form = Literal["iou", "giou", "diou", "ciou"]


def alpha_iou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    alpha: float = 3.0,
    form: Form = "iou",
) -> Float[Tensor, "n"]:
    r"""Return the power-IoU loss of each pair of boxes.

    .. math::
        L_{\alpha\text{-}IoU} = 1 - IoU^\alpha, \quad
        L_{\alpha\text{-}GIoU} = 1 - IoU^\alpha + \Big(\frac{|C| - |A \cup B|}{|C|}\Big)^\alpha

    .. math::
        L_{\alpha\text{-}DIoU} = 1 - IoU^\alpha + \Big(\frac{\rho^2}{c^2}\Big)^\alpha, \quad
        L_{\alpha\text{-}CIoU} = L_{\alpha\text{-}DIoU} + (\beta v)^\alpha

    with :math:`C`, :math:`\rho`, :math:`c` and :math:`v` as in GIoU, DIoU and CIoU, and
    :math:`\beta = v / (1 - IoU + v)` a constant to the gradient.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union, the hull's area and :math:`c^2` (px²), for the heights in
            :math:`v` (px), added to the denominator of :math:`\beta`; with alpha below 1 also
            the base below which a power is a straight line, as its slope is infinite at 0.
        alpha: The power, at least 1e-6; above 1 it turns to the pairs that overlap well. 1 gives
            the plain losses (CIoU that of ``alpha="yolo"``). The paper recommends 3.
        form: Which loss to take to the power. The authors' code differs from their formula
            in the DIoU term, for which it takes
            :math:`(d_x^{2\alpha} + d_y^{2\alpha}) / (c_w^{2\alpha} + c_h^{2\alpha})`; this is
            the formula.

    Returns:
        One loss per pair; ``"iou"`` in [0, 1], ``"giou"`` and ``"diou"`` in [0, 2], ``"ciou"``
        in [0, 3): 0 for equal boxes with area.

    Edges:
        Without overlap, ``"iou"`` has no gradient, and with alpha = 3 little of one before the
        overlap is considerable. Two equal points cost 1. Half precision is widened to
        float32.

    When to use:
        For high IoU thresholds, or noisy boxes, with alpha = 3 and a form that attracts boxes
        apart (``"giou"``, ``"diou"``, ``"ciou"``). An alpha below 1 turns to the pairs of little
        overlap instead.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``alpha`` is below 1e-6, ``form`` is none of the
            four, or the boxes do not pair up or are not of shape [n, 4].

    References:
        He et al., "Alpha-IoU: A Family of Power Intersection over Union Losses for Bounding
        Box Regression", NeurIPS 2021, Section 3. https://arxiv.org/abs/2110.13675
    """
    refuse_outside("[1e-6, 1e6]", alpha=alpha)
    if form not in get_args(Form):
        raise ValueError(f'form must be "iou", "giou", "diou" or "ciou": got {form!r}')

    a, b = paired_corners(pred, target, eps)
    iou = intersection_over_union(a, b, eps)
    loss = 1 - power(iou, alpha, eps=eps)
    if form == "giou":
        loss = loss + power(_gap(a, b, eps), alpha, eps=eps)
    if form in ("diou", "ciou"):
        loss = loss + power(distance_term(a, b, eps), alpha, eps=eps)
    if form == "ciou":
        v = shape_term(a, b, eps)
        beta = v / (1 - iou + v + eps)
        loss = loss + power(beta.detach() * v, alpha, eps=eps)
    return loss


def _gap(a: Corners, b: Corners, eps: float) -> Float[Tensor, "n"]:
    union = area(a) + area(b) - intersection(a, b)
    enclosing = area(hull(a, b))
    # Rounding may leave the hull smaller than the union by a little.
    return (enclosing - union).clamp(min=0.0) / enclosing.clamp(min=eps)
