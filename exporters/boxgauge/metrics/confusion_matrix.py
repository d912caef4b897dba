"""Counts of true class against predicted class, and of what has no counterpart."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.metrics.segments import count, take


class ConfusionCounts(NamedTuple):
    """A confusion matrix, the row and the column of its background apart.

    Attributes:
        counts: Objects of the row's class detected as the column's, int64 [k, k].
        false_positives: Detections of each class that found no object, int64 [k].
        missed: Objects of each class that no detection found, int64 [k].
    """

    counts: Int[Tensor, "k k"]
    false_positives: Int[Tensor, " k"]
    missed: Int[Tensor, " k"]


def confusion_matrix(
    dt_label: Int[Tensor, " d"],
    dt_truth: Int[Tensor, " d"],
    dt_scores: Float[Tensor, " d"],
    positives: Int[Tensor, " k"],
    score_threshold: Float[Tensor, " 1"],
) -> ConfusionCounts:
    """Return how often an object of one class was detected as another.

    Args:
        dt_label: Class of each detection that counts, from 0 to k - 1; ignored ones are left out.
        dt_truth: Class of the object that it found, or -1; no two found the same object. With
            `match_detections` and one class for all, detections choose by falling score, so
            that those above any score threshold found what they would have found alone.
        dt_scores: Confidence.
        positives: Objects to be found, by class.
        score_threshold: Detections below it are dropped, and what they found is missed.

    Returns:
        See `ConfusionCounts`. Each row and its ``missed`` sum to the positives of the class,
        each column and its ``false_positives`` to the detections.

    References:
        Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 2006, Section 2.
    """
    classes = positives.shape[0]
    kept, found = dt_scores >= score_threshold, dt_truth >= 0
    # One cell more takes what counts elsewhere.
    cell = torch.where(kept & found, dt_truth * classes + dt_label, classes * classes)
    cells = torch.arange(classes * classes, device=cell.device)
    counts = take(count(cell, classes * classes + 1), cells).reshape(classes, classes)
    false = count(torch.where(kept & ~found, dt_label, classes), classes + 1)
    return ConfusionCounts(
        counts,
        take(false, torch.arange(classes, device=cell.device)),
        positives - counts.sum(1),
    )
