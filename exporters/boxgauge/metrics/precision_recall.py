"""Precision and recall of matched detections at one score threshold."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int8, Int64
from torch import Tensor


class PrecisionRecall(NamedTuple):
    """Precision and recall with the counts that they were made of."""

    precision: Float64[Tensor, "1"]
    """tp / (tp + fp); 0 if not defined."""
    recall: Float64[Tensor, "1"]
    """tp / (tp + fn); 0 if not defined."""
    tp: Int64[Tensor, "1"]
    fp: Int64[Tensor, "1"]
    fn: Int64[Tensor, "1"]
    defined: Bool[Tensor, "2"]
    """Whether precision (there is a detection) and recall (a positive) are defined."""


def precision_recall(
    scores: Float64[Tensor, "d"],
    outcome: Int8[Tensor, "d"],
    positives: Int64[Tensor, "1"],
    score_threshold: Float64[Tensor, "1"],
) -> PrecisionRecall:
    r"""Return precision and recall of the detections that score at least a threshold.

    .. math::
        precision = \frac{TP}{TP + FP}, \quad recall = \frac{TP}{TP + FN}

    Args:
        scores: Confidence of each detection, in any order.
        outcome: What matching at some IoU threshold made of it: 0 a false positive, 1 a
            true positive, 2 ignored (counts nowhere). Paired with ``scores`` by row.
        positives: How many true boxes there are, ignored ones left out; at least the
            number of true positives.
        score_threshold: Detections below it are dropped.

    References:
        Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010,
        Section 4.2.
    """
    kept = scores >= score_threshold
    tp = (kept & (outcome == 1)).sum().reshape(1)
    fp = (kept & (outcome == 0)).sum().reshape(1)
    fn = positives - tp

    precision = tp.to(torch.float64) / (tp + fp).clamp(min=1)
    recall = tp.to(torch.float64) / positives.clamp(min=1)
    defined = torch.cat((tp + fp, positives)) > 0
    return PrecisionRecall(precision, recall, tp, fp, fn, defined)
