"""Focal-EIoU loss: EIoU, weighted by how good the box already is."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import intersection_over_union
from boxgauge.losses.eiou import eiou_of_corners
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.powers import power
from boxgauge.losses.ranges import refuse_outside


def focal_eiou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    gamma: float = 0.5,
    weight: Literal["constant", "differentiated"] = "constant",
) -> Float[Tensor, "n"]:
    r"""Return the EIoU loss of each pair, times a power of its IoU.

    .. math:: L = IoU^\gamma \, L_{EIoU}

    Unlike the focal loss of classification it turns towards the easy pairs, those that
    overlap well.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and the three denominators of EIoU, in px²; and, with
            ``"differentiated"`` and gamma between 0 and 1, the IoU below which the power is
            a straight line, since its slope would be infinite at 0.
        gamma: How much pairs with little overlap are discounted, at least 0; 0 gives EIoU.
        weight: ``"constant"``: :math:`IoU^\gamma` is a weight, a constant to the gradient, as
            in the branches of YOLOv5 and YOLOv8 that detach it; ``"differentiated"``: the
            printed product is differentiated as it stands, as in code that does not. The
            values are the same; but the product's minimum is also where nothing overlaps,
            and its gradient drives pairs of little overlap apart.

    Returns:
        One loss per pair, in [0, 3.25]: 0 for equal boxes **and**, with a positive gamma, **for
        boxes apart**.

    Edges:
        Without overlap, and with a positive gamma, the weight is 0: no loss and, with
        ``"constant"``, no gradient, so that such a pair never learns from this term alone; a
        pair without area costs 0 then. Half precision is widened to float32.

    When to use:
        To refine boxes that overlap already, beside a term that brings them there. Losses
        of different batches cannot be compared: a worse batch may cost less.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``gamma`` is negative, ``weight`` is neither of the
            two, or the boxes do not pair up or are not of shape [n, 4].

    References:
        Zhang et al., "Focal and Efficient IOU Loss for Accurate Bounding Box Regression",
        Neurocomputing 2022, Focal-EIOU loss. https://arxiv.org/abs/2101.08158
    """
    refuse_outside("[0, 1e6]", gamma=gamma)
    if weight not in ("constant", "differentiated"):
        raise ValueError(f'weight must be "constant" or "differentiated": got {weight!r}')

    a, b = paired_corners(pred, target, eps)
    iou = intersection_over_union(a, b, eps)
    focus = power(iou, gamma, eps=eps) if weight == "differentiated" else iou.detach().pow(gamma)
    return focus * eiou_of_corners(a, b, eps)
