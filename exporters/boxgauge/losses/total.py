"""The total loss: a weighted sum of named terms."""

from collections.abc import Mapping
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import cxcywh
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.reduction import reduce
from boxgauge.losses.smooth_l1 import smooth_l1_loss


class TotalLoss(NamedTuple):
    """A weighted sum, and the unweighted terms it was made of, for logs."""

    total: Float[Tensor, "1"]
    terms: dict[str, Float[Tensor, "1"]]


class DetectionLoss(NamedTuple):
    """The loss of a detector and its unweighted terms."""

    loss: Float[Tensor, "1"]
    focal: Float[Tensor, "1"]
    giou: Float[Tensor, "1"]
    smooth_l1: Float[Tensor, "1"]


def total_loss(
    terms: Mapping[str, Float[Tensor, "1"]], weights: Mapping[str, float | Float[Tensor, "1"]]
) -> TotalLoss:
    r"""Return :math:`\sum_i \lambda_i L_i` with its terms.

    Args:
        terms: Reduced losses by name, at least one; :func:`boxgauge.losses.reduce` makes
            them.
        weights: A factor for each term, by the same names.

    Raises:
        ValueError: There are no terms, or the names of the two differ.
    """
    if not terms:
        raise ValueError("a total loss needs at least one term: got none")
    if terms.keys() != weights.keys():
        raise ValueError(
            f"terms and weights must have the same names: got {sorted(terms)} and {sorted(weights)}"
        )

    first, *others = (weights[name] * term for name, term in terms.items())
    return TotalLoss(sum(others, start=first), dict(terms))


def detection_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    pred: Float[Tensor, "m 4"],
    target_boxes: Float[Tensor, "m 4"],
    weights: Float[Tensor, "3"],
) -> DetectionLoss:
    """Return focal loss of all anchors, and GIoU and Smooth L1 of the positives, as one loss.

    Args:
        logits: Scores of all anchors.
        target: Labels in [0, 1], paired with ``logits`` by row.
        pred: Predicted boxes of the positives, corner form, pixels.
        target_boxes: Their true boxes, paired with ``pred`` by row.
        weights: Factors of focal, GIoU and Smooth L1, in this order.

    Returns:
        The weighted loss and its three terms. Each term is the mean over its own rows,
        0 where there are none; Smooth L1 is taken over centre, width and height.
    """
    terms = {
        "focal": reduce(focal_loss(logits, target)),
        "giou": reduce(giou_loss(pred, target_boxes)),
        "smooth_l1": reduce(smooth_l1_loss(cxcywh(pred), cxcywh(target_boxes))),
    }
    total, _ = total_loss(terms, dict(zip(terms, weights.unsqueeze(-1).unbind(0), strict=True)))
    return DetectionLoss(total, **terms)
