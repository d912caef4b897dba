"""Counts of true class against predicted class, background included."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.segments import count, size, take


def confusion_matrix(
    dt_label: Int[Tensor, " d"],
    dt_scores: Float[Tensor, " d"],
    dt_match: Int[Tensor, " d"],
    dt_ignored: Bool[Tensor, " d"],
    gt_label: Int[Tensor, " g"],
    gt_ignored: Bool[Tensor, " g"],
    classes: Int[Tensor, " 1"],
    score_threshold: Float[Tensor, " 1"],
) -> Int[Tensor, "m m"]:
    """Return how often an object of one class was detected as another.

    Args:
        dt_label: Class of each detection, from 0.
        dt_scores: Confidence.
        dt_match: Ground truth that it took, of whatever class, or -1; no two have the same
            one, unless it is ignored. What `match_detections` gives with one class for all:
            there detections choose by falling score, so that those above any score threshold
            took what they would have taken alone.
        dt_ignored: It counts neither way: it took what is ignored.
        gt_label: Class of each ground truth, from 0.
        gt_ignored: It need not be found.
        classes: How many classes there are, k.
        score_threshold: Detections below it are dropped, and what they took is missed.

    Returns:
        Rows are true classes, columns predicted ones, the last of both is the background,
        int64 [k + 1, k + 1]: [k, c] counts detections that found nothing, [c, k] objects that
        nothing found; [k, k] is 0. Rows sum to the objects of a class, columns to its
        detections.

    References:
        Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 2006, Section 2.
    """
    background = size(classes.sum())
    side = background + 1
    spare = dt_match.new_zeros(1)
    kept = (dt_scores >= score_threshold) & ~dt_ignored
    matched = dt_match >= 0
    truth = take(torch.cat([gt_label, spare]), dt_match.clamp(min=0))
    truth = torch.where(matched, truth, background)
    # One cell more takes what counts nowhere.
    nowhere = side * side
    detected = torch.where(kept, truth * side + dt_label, nowhere)

    truths = gt_label.shape[0]
    taken_by = torch.where(kept & matched, dt_match, truths)
    taken = take(count(taken_by, truths + 1), torch.arange(truths, device=gt_label.device))
    is_missed = (taken == 0) & ~gt_ignored
    missed = torch.where(is_missed, gt_label * side + background, nowhere)

    counts = count(torch.cat([detected, missed]), nowhere + 1)
    cells = torch.arange(nowhere, device=counts.device)
    return take(counts, cells).reshape(side, side)
