"""EIoU loss: IoU, the distance of the centres, and the differences of width and height."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import (
    Corners,
    hull,
    intersection_over_union,
    squared_centre_distance,
    squared_diagonal,
)
from boxgauge.losses.pairs import paired_corners

Normalisers = Literal["exact", "constant"]


def eiou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    normalisers: Normalisers = "exact",
) -> Float[Tensor, "n"]:
    r"""Return the efficient-IoU loss of each pair of boxes.

    With :math:`\rho` the distance of the centres, :math:`c` the diagonal of the hull,
    :math:`c_w` and :math:`c_h` its width and height,

    .. math::
        L = 1 - IoU + \frac{\rho^2}{c^2} + \frac{(w - w')^2}{c_w^2} + \frac{(h - h')^2}{c_h^2}

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and the three denominators, in px².
        normalisers: ``"exact"``: the gradient knows that the hull depends on the
            prediction, as in the paper's formula and in most libraries; ``"constant"``: it
            takes the three denominators as constants, as Wise-IoU does with its own. The
            values are the same.

    Returns:
        One loss per pair, in [0, 3.25]: 0 for equal boxes with area, 3.25 for a point in
        the corner of its target.

    Edges:
        Boxes apart attract by their centres and match their sizes at once. Two equal
        points cost 1. Where the hull is thinner than the root of ``eps``, the term of that
        side fades out instead of exploding. Half precision is widened to float32.

    When to use:
        In place of CIoU where width and height are to be corrected each for itself; CIoU's
        aspect term can only trade one for the other. mmdetection's ``EIoULoss`` is another
        loss of that name (Extended-IoU, with a smooth point).

    Raises:
        ValueError: ``eps`` is below 1e-16, ``normalisers`` is neither of the two, or the boxes do
            not pair up or are not of shape [n, 4].

    References:
        Zhang et al., "Focal and Efficient IOU Loss for Accurate Bounding Box Regression",
        Neurocomputing 2022, EIOU loss. https://arxiv.org/abs/2101.08158
    """
    if normalisers not in ("exact", "constant"):
        raise ValueError(f'normalisers must be "exact" or "constant": got {normalisers!r}')

    a, b = paired_corners(pred, target, eps)
    return eiou_of_corners(a, b, eps, normalisers)


def eiou_of_corners(
    a: Corners, b: Corners, eps: float, normalisers: Normalisers = "exact"
) -> Float[Tensor, "n"]:
    """Return the EIoU loss of pairs whose corners are in order."""
    enclosing = hull(a, b)
    if normalisers == "constant":
        enclosing = Corners(*(side.detach() for side in enclosing))

    distance = squared_centre_distance(a, b) / squared_diagonal(enclosing).clamp(min=eps)
    across = (a.width - b.width).square() / enclosing.width.square().clamp(min=eps)
    down = (a.height - b.height).square() / enclosing.height.square().clamp(min=eps)
    return 1 - intersection_over_union(a, b, eps) + distance + across + down
