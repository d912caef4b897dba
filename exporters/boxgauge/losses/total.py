"""The total loss: a weighted sum of named terms."""

from collections.abc import Mapping
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import cxcywh
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.ranges import refuse_outside
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
    terms: Mapping[str, Float[Tensor, "1"]],
    weights: Mapping[str, float | Float[Tensor, "1"]],
    log_variances: Float[Tensor, "terms"] | None = None,
) -> TotalLoss:
    r"""Return :math:`\sum_i \lambda_i L_i` with its terms.

    With uncertainty weighting, :math:`s_i` being the logarithm of a variance that is learnt
    beside the model,

    .. math:: L = \sum_i \lambda_i e^{-s_i} L_i + s_i

    Args:
        terms: Reduced losses by name, at least one; :func:`boxgauge.losses.reduce` makes
            them.
        weights: A factor for each term, by the same names: a number in [-1e6, 1e6] or a tensor.
        log_variances: The :math:`s`, in the order of the terms, taken to the nearer end of
            [-20, 20]; without them every term has its weight alone. The paper has the
            same for classification but for half of each :math:`s_i`, and half of the
            whole for regression: the :math:`s` learnt then differ, the idea does not.

    Returns:
        The sum, shape [1], and the terms unweighted. With uncertainty it can be negative,
        and is least at :math:`s_i = \ln(\lambda_i L_i)`.

    Edges:
        A term of 0 draws its variance down to e^-20, where the gradient of s ends.

    When to use:
        Weights by hand where the terms' scales are known; learnt ones where they are not
        and several tasks compete. Learnt ones follow the scale of the loss, not what
        matters to you.

    Raises:
        ValueError: There are no terms, the names of the two differ, a weight is out of range, or
            there is not one variance for each.

    References:
        Kendall et al., "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene
        Geometry and Semantics", CVPR 2018. https://arxiv.org/abs/1705.07115
    """
    if not terms:
        raise ValueError("a total loss needs at least one term: got none")
    if terms.keys() != weights.keys():
        raise ValueError(
            f"terms and weights must have the same names: got {sorted(terms)} and {sorted(weights)}"
        )

    for name, weight in weights.items():
        if not isinstance(weight, Tensor):
            refuse_outside("[-1e6, 1e6]", **{f"weight of {name}": weight})
    weighted = [weights[name] * term for name, term in terms.items()]
    if log_variances is not None:
        if log_variances.shape != (len(terms),):
            raise ValueError(
                f"{len(terms)} terms need as many log variances: got {[*log_variances.shape]}"
            )
        spreads = log_variances.clamp(-20.0, 20.0).unsqueeze(-1).unbind(0)
        weighted = [(-s).exp() * term + s for term, s in zip(weighted, spreads, strict=True)]
    first, *others = weighted
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

    Edges:
        No anchors, no positives or neither: the terms concerned are 0, with zero gradient.

    When to use:
        As an example of a fixed composition. For others, or another normaliser, describe
        one and export that: :class:`boxgauge.losses.Composition`.

    References:
        Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
        https://arxiv.org/abs/1708.02002
        Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019.
        https://arxiv.org/abs/1902.09630
        Girshick, "Fast R-CNN", ICCV 2015. https://arxiv.org/abs/1504.08083
    """
    terms = {
        "focal": reduce(focal_loss(logits, target)),
        "giou": reduce(giou_loss(pred, target_boxes)),
        "smooth_l1": reduce(smooth_l1_loss(cxcywh(pred), cxcywh(target_boxes))),
    }
    total, _ = total_loss(terms, dict(zip(terms, weights.unsqueeze(-1).unbind(0), strict=True)))
    return DetectionLoss(total, **terms)
