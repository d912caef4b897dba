"""True and false positives of every class at every score threshold that makes a difference."""

from typing import NamedTuple

import torch
from jaxtyping import Float64, Int8, Int64
from torch import Tensor

from boxgauge.metrics.segments import count, extent, order_within, positions, starts, take


class ScoreCounts(NamedTuple):
    """What each threshold lets through; by class, and by falling threshold within a class."""

    label: Int64[Tensor, " s"]
    threshold: Float64[Tensor, " s"]
    """A score that occurs in the class, each once."""
    tp: Int64[Tensor, " s"]
    """True positives that score at least the threshold."""
    fp: Int64[Tensor, " s"]
    """False positives that score at least the threshold."""


def score_counts(
    label: Int64[Tensor, " n"], scores: Float64[Tensor, " n"], outcome: Int8[Tensor, " n"]
) -> ScoreCounts:
    """Return how many true and false positives each score threshold lets through.

    Detections of one score pass together or not at all, since no threshold can separate them:
    the order of the rows does not matter.

    Args:
        label: Class of each detection, from 0 to k - 1. k · n² < 2^63.
        scores: Confidence, no NaN.
        outcome: What matching made of it: 0 a false positive, 1 a true positive, 2 ignored
            (counts nowhere).

    References:
        Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves", ICML
        2006, Section 2.
    """
    counted = positions(outcome != 2)
    order = take(counted, order_within(take(label, counted), take(scores, counted)))
    label, scores = take(label, order), take(scores, order)
    upto = torch.cumsum((take(outcome, order) == 1).long(), 0)

    # The last row of each class and score; it also stands before itself at the very end.
    row = torch.arange(order.shape[0], device=order.device)
    after = (row + 1).clamp(max=order.shape[0] - 1)
    is_last = (take(label, after) != label) | (take(scores, after) != scores) | (after == row)
    last = positions(is_last)

    label_at = take(label, last)
    first = starts(count(label, extent(label)))
    before = take(torch.cat([upto.new_zeros(1), upto]), first)
    tp = take(upto, last) - take(before, label_at)
    seen = last + 1 - take(first, label_at)
    return ScoreCounts(label_at, take(scores, last), tp, seen - tp)
