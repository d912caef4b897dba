"""Counts of true class against predicted class, background included."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.metrics.segments import count, size, take


def confusion_matrix(
    dt_label: Int[Tensor, " d"],
    dt_scores: Float[Tensor, " d"],
    dt_match: Int[Tensor, " d"],
    gt_label: Int[Tensor, " g"],
    classes: Int[Tensor, " 1"],
    score_threshold: Float[Tensor, " 1"],
) -> Int[Tensor, "m m"]:
    """Return how often an object of one class was detected as another.

    Args:
        dt_label: Class of each detection that counts, from 0; ignored ones are left out.
        dt_scores: Confidence.
        dt_match: Ground truth that it took, of whatever class, or -1; no two have the same
            one. What `match_detections` gives with one class for all: there detections choose
            by falling score, so that those above any score threshold took what they would
            have taken alone.
        gt_label: Class of each ground truth that has to be found, from 0.
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
    truths = gt_label.shape[0]
    background = size(classes.sum())
    side = background + 1
    # One cell more takes what counts nowhere.
    nowhere = side * side
    kept = dt_scores >= score_threshold
    taken = torch.where(kept & (dt_match >= 0), dt_match, truths)
    truth = take(torch.cat([gt_label, torch.full_like(classes, background)]), taken)
    detected = torch.where(kept, truth * side + dt_label, nowhere)

    times = take(count(taken, truths + 1), torch.arange(truths, device=gt_label.device))
    missed = torch.where(times == 0, gt_label * side + background, nowhere)
    counts = count(torch.cat([detected, missed]), nowhere + 1)
    return take(counts, torch.arange(nowhere, device=counts.device)).reshape(side, side)
