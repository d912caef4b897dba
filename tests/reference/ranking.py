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


def alrp_loss(
    scores: Sequence[float],
    labels: Sequence[int],
    location_error: Sequence[float],
    delta: float,
    right: float = 2.0**-17,
) -> tuple[Fraction, Fraction, list[Fraction], list[Fraction]]:
    """Oksuz et al. 2020: both parts, the update of the scores and the slopes of the errors.

    Exact. A positive with at most ``right`` negatives above takes no update.
    """
    positives = [i for i, label in enumerate(labels) if label == 1]
    negatives = [j for j, label in enumerate(labels) if label == 0]
    count = max(len(positives), 1)
    update, slope = [[Fraction(0)] * len(scores) for _ in range(2)]
    classification = localisation = Fraction(0)
    for i in positives:
        true = {k: _ramp(scores[k], scores[i], delta) for k in positives if k != i}
        false = {j: _ramp(scores[j], scores[i], delta) for j in negatives}
        false_above = sum(false.values(), Fraction(0))
        rank = 1 + sum(true.values()) + false_above
        shared = sum((h * Fraction(location_error[k]) for k, h in true.items()), Fraction(0))

        whole = (false_above + shared + Fraction(location_error[i])) / rank
        desired = Fraction(location_error[i]) / rank
        classification += false_above / rank / count
        localisation += (whole - false_above / rank) / count
        slope[i] += 1 / rank / count
        for k, h in true.items():
            slope[k] += h / rank / count
        if false_above > right:
            update[i] -= (whole - desired) / count
            for j, h in false.items():
                update[j] += (whole - desired) * h / false_above / count
    return classification, localisation, update, slope


def rank_sort_loss(
    scores: Sequence[float], quality: Sequence[float], delta: float
) -> tuple[Fraction, Fraction, list[Fraction], list[Fraction]]:
    """Oksuz et al. 2021: the ranking and the sorting loss, and the update of each. Exact."""
    positives = [i for i, y in enumerate(quality) if y > 0]
    negatives = [j for j, y in enumerate(quality) if y == 0]
    count = max(len(positives), 1)
    error = {k: 1 - min(Fraction(quality[k]), Fraction(1)) for k in positives}
    to_rank, to_sort = [[Fraction(0)] * len(scores) for _ in range(2)]
    ranking = sorting = Fraction(0)
    for i in positives:
        true = {k: _ramp(scores[k], scores[i], delta) for k in positives}
        false = {j: _ramp(scores[j], scores[i], delta) for j in negatives}
        rank = sum(true.values()) + sum(false.values())
        ranking_error = sum(false.values(), Fraction(0)) / rank
        ranking += ranking_error / count
        to_rank[i] -= ranking_error / count
        for j, h in false.items():
            to_rank[j] += h / rank / count

        better = {k: h for k, h in true.items() if error[k] <= error[i]}
        worse = {k: h for k, h in true.items() if error[k] > error[i]}
        now = sum(h * error[k] for k, h in true.items()) / sum(true.values())
        best = sum(h * error[k] for k, h in better.items()) / sum(better.values())
        sorting += (now - best) / count
        missorted = sum(worse.values(), Fraction(0))
        if missorted > 0:
            to_sort[i] -= (now - best) / count
            for k, h in worse.items():
                to_sort[k] += (now - best) * h / missorted / count
    return ranking, sorting, to_rank, to_sort


def _ramp(score: float, of: float, delta: float) -> Fraction:
    """H(score - of), the step with a slope from -delta to delta."""
    height = (Fraction(score) - Fraction(of)) / (2 * Fraction(delta)) + Fraction(1, 2)
    return min(max(height, Fraction(0)), Fraction(1))


def precision_recall(
    scores: Sequence[float], outcome: Sequence[int], positives: int, score_threshold: float
) -> tuple[int, int, int, float | None, float | None]:
    """TP, FP, FN, and precision and recall or None where they are 0 / 0."""
    kept = [o for s, o in zip(scores, outcome, strict=True) if not s < score_threshold]
    tp, fp = kept.count(1), kept.count(0)
    precision = float(Fraction(tp, tp + fp)) if tp + fp else None
    recall = float(Fraction(tp, positives)) if positives else None
    return tp, fp, positives - tp, precision, recall
