"""Differentiable precisions as plain scalars: slow, and checked against.

Nothing here imports what it checks, nor any array library. Gradients are the formulas worked
out by hand, not finite differences.
"""

import math
from collections.abc import Sequence

Scalars = Sequence[float]


def step(x: float) -> float:
    """The logistic function without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def normal_quantile(share: float) -> float:
    """Where a standard normal variable is below by ``share``, by bisection."""
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        if math.erfc(-middle / math.sqrt(2)) / 2 < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def detection_precision_loss(
    logits: Scalars, labels: Scalars, quality: Scalars, recalls: Scalars, temperature: float
) -> tuple[float, list[float], list[float]]:
    """The loss and its derivatives by the logits and by the quality."""
    counted = [i for i, label in enumerate(labels) if label in (0, 1)]
    positives = [i for i in counted if labels[i] == 1]
    by_logit, by_quality = [0.0] * len(logits), [0.0] * len(logits)
    if not positives:
        return 0.0, by_logit, by_quality

    count = len(positives)
    mean = math.fsum(logits[i] for i in positives) / count
    variance = math.fsum((logits[i] - mean) ** 2 for i in positives) / count
    spread = math.sqrt(variance + temperature**2)
    best = max(logits[i] for i in positives)
    leaders = [i for i in positives if logits[i] == best]

    precisions = []
    for recall in recalls:
        z = normal_quantile(1 - recall)
        threshold = min(mean + z * spread, best)
        kept = {i: step((logits[i] - threshold) / temperature) for i in counted}
        match = {i: quality[i] if labels[i] == 1 else 0.0 for i in counted}
        total = math.fsum(kept.values())
        precision = math.fsum(kept[i] * match[i] for i in counted) / total
        precisions.append(precision)

        weight = -1 / len(recalls)
        slopes = {
            i: kept[i] * (1 - kept[i]) / temperature * (match[i] - precision) / total
            for i in counted
        }
        by_threshold = -math.fsum(slopes.values())
        for i in counted:
            by_logit[i] += weight * slopes[i]
        for i in positives:
            by_quality[i] += weight * kept[i] / total
            if threshold < best:
                moves = (1 + z * (logits[i] - mean) / spread) / count
            else:
                moves = 1 / len(leaders) if i in leaders else 0.0
            by_logit[i] += weight * by_threshold * moves
    return 1 - math.fsum(precisions) / len(precisions), by_logit, by_quality


def soft_f_beta_loss(
    logits: Scalars,
    labels: Scalars,
    beta: float,
    threshold: float,
    temperature: float,
    smooth: float,
) -> tuple[float, list[float]]:
    """The loss and its derivative, for a finite beta."""
    edge = math.log(threshold) - math.log1p(-threshold)
    counted = [i for i, label in enumerate(labels) if label in (0, 1)]
    predicted = {i: step((logits[i] - edge) / temperature) for i in counted}
    true = math.fsum(predicted[i] for i in counted if labels[i] == 1) + smooth
    false = math.fsum(predicted[i] for i in counted if labels[i] == 0)
    missed = math.fsum(1 - predicted[i] for i in counted if labels[i] == 1)
    weight = 1 + beta**2
    size = weight * true + beta**2 * missed + false
    f_beta = weight * true / size
    slopes = [0.0] * len(logits)
    for i in counted:
        steepness = predicted[i] * (1 - predicted[i]) / temperature
        slopes[i] = -steepness * (weight * (labels[i] == 1) - f_beta) / size
    return 1 - f_beta, slopes


def soft_average_precision_loss(
    logits: Scalars, labels: Scalars, match: Sequence[Scalars], temperature: float
) -> tuple[float, list[float], list[list[float]]]:
    """The loss and its derivatives by the logits and by the matches of each threshold.

    ``match[k][i]`` is how far row i is right at threshold k. With matches of 1 this is
    Brown et al. 2020, Section 4.
    """
    counted = [i for i, label in enumerate(labels) if label in (0, 1)]
    positives = [i for i in counted if labels[i] == 1]
    by_logit = [0.0] * len(logits)
    by_match = [[0.0] * len(logits) for _ in match]
    total, share = 0.0, 1 / (max(1, len(positives)) * len(match))
    for k, right in enumerate(match):
        for i in positives:
            rivals = [j for j in counted if j != i]
            above = {j: step((logits[j] - logits[i]) / temperature) for j in rivals}
            true = right[i] + math.fsum(above[j] * right[j] for j in rivals if labels[j] == 1)
            rank = 1 + math.fsum(above.values())
            total += share * right[i] * true / rank
            by_match[k][i] -= share * (true + right[i]) / rank
            for j in rivals:
                value = right[j] if labels[j] == 1 else 0.0
                if labels[j] == 1:
                    by_match[k][j] -= share * right[i] * above[j] / rank
                steepness = above[j] * (1 - above[j]) / temperature
                slope = share * right[i] * steepness * (value - true / rank) / rank
                by_logit[j] -= slope
                by_logit[i] += slope
    return (1 - total if positives else 0.0), by_logit, by_match
