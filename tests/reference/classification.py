"""Losses of logits as plain scalars, straight from the papers: slow, and checked against.

Nothing here imports what it checks, nor any array library.
"""

import math
from collections.abc import Sequence


def bce_loss(prob: float, target: float) -> float:
    """Cross entropy of a label with a probability strictly between 0 and 1."""
    return -(target * math.log(prob) + (1 - target) * math.log1p(-prob))


def log_sigmoid(x: float) -> float:
    return -math.log1p(math.exp(-x)) if x >= 0 else x - math.log1p(math.exp(x))


def bce_with_logits_loss(logit: float, target: float) -> float:
    return -target * log_sigmoid(logit) - (1 - target) * log_sigmoid(-logit)


def focal_loss(logit: float, target: int, alpha: float, gamma: float) -> float:
    """Lin et al. 2017, Eq. 5; alpha below 0 gives Eq. 4."""
    signed = logit if target == 1 else -logit
    alpha_t = 1.0 if alpha < 0 else alpha if target == 1 else 1 - alpha
    return -alpha_t * math.exp(log_sigmoid(-signed)) ** gamma * log_sigmoid(signed)


def sigmoid(x: float) -> float:
    return math.exp(log_sigmoid(x))


def log_softmax(logits: Sequence[float]) -> list[float]:
    top = max(logits)
    total = math.fsum(math.exp(x - top) for x in logits)
    return [x - top - math.log(total) for x in logits]


def cross_entropy_loss(logits: Sequence[float], label: int, smoothing: float) -> float:
    """Szegedy et al. 2016, Section 7: the label is smoothed, then cross entropy."""
    if not 0 <= label < len(logits):
        return 0.0
    labels = [smoothing / len(logits) + (1 - smoothing) * (j == label) for j in range(len(logits))]
    return -math.fsum(q * log_p for q, log_p in zip(labels, log_softmax(logits), strict=True))


def quality_focal_loss(logit: float, quality: float, beta: float) -> float:
    """Li et al. 2020, Eq. 2."""
    return abs(quality - sigmoid(logit)) ** beta * bce_with_logits_loss(logit, quality)


def distribution_focal_loss(logits: Sequence[float], position: float) -> float:
    """Li et al. 2020, Eq. 6, by looking up the two bins next to the position."""
    log_s = log_softmax(logits)
    position = min(max(position, 0.0), len(logits) - 1.0)
    left = math.floor(position)
    right = math.ceil(position)
    if left == right:
        return -log_s[left]
    return -((right - position) * log_s[left] + (position - left) * log_s[right])


def varifocal_loss(
    logit: float, quality: float, alpha: float, gamma: float, *, iou_weighted: bool
) -> float:
    """Zhang et al. 2021, Eq. 2."""
    if quality == 0:
        return -alpha * sigmoid(logit) ** gamma * log_sigmoid(-logit)
    loss = bce_with_logits_loss(logit, quality)
    return quality * loss if iou_weighted else loss


def asymmetric_loss(
    logit: float, target: int, gamma_positive: float, gamma_negative: float, clip: float
) -> float:
    """Ridnik et al. 2021, Eq. 4 to 7."""
    if target == 1:
        return -(sigmoid(-logit) ** gamma_positive) * log_sigmoid(logit)
    shifted = max(sigmoid(logit) - clip, 0.0)
    log_rest = log_sigmoid(-logit) if clip == 0 else math.log1p(-shifted)
    return -(shifted**gamma_negative) * log_rest


def poly_loss(logits: Sequence[float], label: int, epsilon: float) -> float:
    """Leng et al. 2022: cross entropy plus epsilon times (1 - p)."""
    if not 0 <= label < len(logits):
        return 0.0
    log_p = log_softmax(logits)[label]
    return -log_p + epsilon * (1 - math.exp(log_p))


def poly_focal_loss(
    logit: float,
    target: int,
    epsilon: float,
    alpha: float,
    gamma: float,
    *,
    weigh_polynomial: bool,
) -> float:
    """Leng et al. 2022: focal loss plus epsilon times (1 - p_t) to the gamma + 1."""
    alpha_t = 1.0 if alpha < 0 else alpha if target == 1 else 1 - alpha
    miss = sigmoid(-logit if target == 1 else logit)
    weight = alpha_t if weigh_polynomial else 1.0
    return focal_loss(logit, target, alpha, gamma) + weight * epsilon * miss ** (gamma + 1)


def ghm_c_weights(
    logits: Sequence[float],
    targets: Sequence[float],
    counts: Sequence[float],
    momentum: float,
    regions: str,
) -> tuple[list[float], list[float]]:
    """Li et al. 2019: the weight of each row, and the next counts, bin after bin."""
    bins = len(counts)
    rows_of_bin: list[list[int]] = [[] for _ in counts]
    for row, (logit, target) in enumerate(zip(logits, targets, strict=True)):
        if target >= 0:
            length = abs(sigmoid(logit) - target)
            rows_of_bin[min(int(length * bins), bins - 1)].append(row)
    counted = sum(map(len, rows_of_bin))
    occupied = sum(1 for rows in rows_of_bin if rows)
    weights, following = [0.0] * len(logits), list(counts)
    for i, rows in enumerate(rows_of_bin):
        if rows:
            following[i] = momentum * counts[i] + (1 - momentum) * len(rows)
        for row in rows:
            weights[row] = counted / following[i] / (occupied if regions == "occupied" else bins)
    return weights, following


def seesaw_factors(
    logits: Sequence[float], label: int, counts: Sequence[int], p: float, q: float, eps: float
) -> list[float]:
    """Wang et al. 2021: S of a row, from counts that include the batch; a class at a time."""
    scores = [math.exp(log_p) for log_p in log_softmax(logits)]
    seen = [max(count, 1) for count in counts]
    factors = []
    for j in range(len(logits)):
        mitigation = (seen[j] / seen[label]) ** p if seen[label] > seen[j] else 1.0
        own = max(scores[label], eps)
        compensation = (scores[j] / own) ** q if scores[j] > own else 1.0
        factors.append(mitigation * compensation if j != label else 1.0)
    return factors


def reweighted_softmax(logits: Sequence[float], factors: Sequence[float]) -> list[float]:
    """Wang et al. 2021: softmax with each exponential scaled by its factor."""
    scaled = [factor * math.exp(x) for x, factor in zip(logits, factors, strict=True)]
    return [value / math.fsum(scaled) for value in scaled]
