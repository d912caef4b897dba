"""Losses and metrics of rankings as plain scalars, straight from the papers: slow.

Nothing here imports what it checks, nor any array library.
"""

import math
from collections.abc import Sequence
from fractions import Fraction


def ap_loss(
    scores: Sequence[float], labels: Sequence[int], delta: float
) -> tuple[float, list[float]]:
    """Chen et al. 2019, Eq. 3 to 12 with interpolation: the loss and the update.

    Walks the positives from the lowest score up, and holds each one's errors down to
    those of the best precision met so far.
    """

    def step(x: float) -> float:
        return 0.0 if x <= -delta else 1.0 if x >= delta else x / (2 * delta) + 0.5

    positives = sorted((s, i) for i, s in enumerate(scores) if labels[i] == 1)
    negatives = [j for j in range(len(scores)) if labels[j] == 0]
    update = [0.0] * len(scores)
    if not positives:
        return 0.0, update

    losses, best_precision = [], 0.0
    for score, i in positives:
        rivals = math.fsum(step(other - score) for other, k in positives if k != i)
        false = {j: step(scores[j] - score) for j in negatives}
        rank = 1 + rivals + math.fsum(false.values())
        errors = {j: value / rank for j, value in false.items()}
        precision = 1 - math.fsum(errors.values())
        if precision >= best_precision:
            best_precision = precision
        else:
            shrink = (1 - best_precision) / (1 - precision)
            errors = {j: error * shrink for j, error in errors.items()}
        losses.append(1 - best_precision)
        update[i] -= math.fsum(errors.values())
        for j, error in errors.items():
            update[j] += error
    return math.fsum(losses) / len(losses), [value / len(losses) for value in update]


def precision_recall(
    scores: Sequence[float], outcome: Sequence[int], positives: int, score_threshold: float
) -> tuple[int, int, int, float | None, float | None]:
    """TP, FP, FN, and precision and recall or None where they are 0 / 0."""
    kept = [o for s, o in zip(scores, outcome, strict=True) if not s < score_threshold]
    tp, fp = kept.count(1), kept.count(0)
    precision = float(Fraction(tp, tp + fp)) if tp + fp else None
    recall = float(Fraction(tp, positives)) if positives else None
    return tp, fp, positives - tp, precision, recall
