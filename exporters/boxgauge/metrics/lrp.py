"""Optimal localisation recall precision: a detector's error at its best score threshold."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import count, order_within, starts, take

FALSE_POSITIVE, TRUE_POSITIVE = 0, 1
# Errors of localisation are summed as integers in these units, so that no order matters.
_FIXED_POINT = 2.0**32


class OptimalLrp(NamedTuple):
    """The lowest LRP of each class and what it consists of, each [k].

    Attributes:
        olrp: In [0, 1]; 1 where keeping nothing is best. float64.
        localisation: Mean of 1 - IoU over the true positives, float64.
        false_positive: 1 - precision, float64.
        false_negative: 1 - recall, float64.
        score_threshold: Lowest score that is kept, float64.
        defined: The class has objects to be found; else nothing here means anything.
        attained: Some detections are kept; else ``localisation``, ``false_positive`` and
            ``score_threshold`` mean nothing.
    """

    olrp: Float[Tensor, " k"]
    localisation: Float[Tensor, " k"]
    false_positive: Float[Tensor, " k"]
    false_negative: Float[Tensor, " k"]
    score_threshold: Float[Tensor, " k"]
    defined: Bool[Tensor, " k"]
    attained: Bool[Tensor, " k"]


def optimal_lrp(
    label: Int[Tensor, " n"],
    scores: Float[Tensor, " n"],
    outcome: Int[Tensor, " n"],
    iou: Float[Tensor, " n"],
    positives: Int[Tensor, " k"],
    iou_threshold: Float[Tensor, " 1"],
) -> OptimalLrp:
    r"""Return the lowest LRP over all score thresholds, class by class.

    .. math:: LRP = \frac{1}{TP + FP + FN}
        \left(\sum_{TP} \frac{1 - IoU}{1 - \tau} + FP + FN\right)

    Every distinct score is a threshold, and so is one above all, which keeps nothing and has
    LRP 1. Of equal values the highest threshold is taken.

    Args:
        label: Class of each detection, from 0 to k - 1. k · n² < 2^63.
        scores: Confidence, in any order: detections of one score are kept together.
        outcome: 0 a false positive, 1 a true positive, 2 ignored.
        iou: Of a true positive with what it found; else it is not looked at.
        positives: Ground truths to be found.
        iou_threshold: τ, lowest overlap of a match, in [0, 1).

    Returns:
        See `OptimalLrp`. Each 1 - IoU is rounded to 2^-32; sums and counts are then exact.

    References:
        Oksuz et al., "Localization Recall Precision (LRP): A New Performance Metric for Object
        Detection", ECCV 2018; "One Metric to Measure Them All: Localisation Recall Precision
        (LRP) for Evaluating Visual Detection Tasks", TPAMI 2021.
    """
    n, classes = label.shape[0], positives.shape[0]
    order = order_within(label, scores)
    label, scores, outcome = take(label, order), take(scores, order), take(outcome, order)
    found = outcome == TRUE_POSITIVE
    units = torch.round((1 - take(iou, order)) * _FIXED_POINT).long()
    first = starts(count(label, classes))

    def up_to(amounts: Tensor) -> Tensor:
        """Return the sum over the rows of the same class up to each row."""
        running = torch.cumsum(amounts, 0)
        before = torch.cat([running.new_zeros(1), running])
        return running - take(take(before, first), label)

    tp, fp = up_to(found.long()), up_to((outcome == FALSE_POSITIVE).long())
    # Not a Where on the units: what is not found has no IoU.
    error = up_to(units * found.long()).double() / _FIXED_POINT
    to_find = take(positives, label)
    spread = error / (1 - iou_threshold)
    lrp = (spread + (fp + to_find - tp).double()) / (to_find + fp).clamp(min=1).double()

    place = torch.arange(n, device=label.device)
    after = (place + 1).clamp(max=n - 1)
    is_last = (take(label, after) != label) | (take(scores, after) != scores) | (place == n - 1)
    olrp = torch.where(is_last, lrp, torch.ones_like(lrp))
    olrp = lrp.new_ones(classes).scatter_reduce(0, label, olrp, "amin")
    is_best = is_last & (lrp == take(olrp, label)) & (lrp < 1)
    nowhere = label.new_full((classes,), n)
    best = nowhere.scatter_reduce(
        0, label, torch.where(is_best, place, torch.full_like(place, n)), "amin"
    )

    def at_best(values: Tensor) -> Tensor:
        return take(torch.cat([values, values.new_zeros(1)]), best)

    tp, fp = at_best(tp), at_best(fp)
    return OptimalLrp(
        olrp,
        at_best(error) / tp.clamp(min=1).double(),
        fp.double() / (tp + fp).clamp(min=1).double(),
        (positives - tp).double() / positives.clamp(min=1).double(),
        at_best(scores),
        positives > 0,
        best < n,
    )
