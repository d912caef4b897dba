"""Losses and metrics as plain scalars, straight from the papers: slow, and checked against.

Boxes are tuples (x1, y1, x2, y2), or (cx, cy, w, h) where a name says so. Nothing here
imports what it checks, nor any array library. Boxes in general position only: what an
`eps` decides (empty boxes, classes absent from both masks) is tested as worked values.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

Box = Sequence[float]


def _ordered(box: Box) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    x1, y1, x2, y2 = (Fraction(side) for side in box)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _extent(low: Fraction, high: Fraction) -> Fraction:
    return high - low if high > low else Fraction(0)


def exact_iou(a: Box, b: Box) -> Fraction:
    """Inclusion and exclusion in exact fractions; boxes without any area have IoU 0."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = _ordered(a), _ordered(b)
    common = _extent(max(ax1, bx1), min(ax2, bx2)) * _extent(max(ay1, by1), min(ay2, by2))
    joint = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - common
    return common / joint if joint else Fraction(0)


def iou_loss(a: Box, b: Box) -> float:
    return float(1 - exact_iou(a, b))


def giou_loss(a: Box, b: Box) -> float:
    """Rezatofighi et al. 2019, Algorithm 1: GIoU = IoU - |C without (A or B)| / |C|."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = _ordered(a), _ordered(b)
    enclosing = (max(ax2, bx2) - min(ax1, bx1)) * (max(ay2, by2) - min(ay1, by1))
    areas = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1)
    # IoU = I / (S - I) gives the union S / (1 + IoU).
    iou = exact_iou(a, b)
    empty = 1 - areas / (1 + iou) / enclosing
    return float(1 - iou + empty)


def ciou_shape_term(a: Box, b: Box) -> float:
    """Zheng et al. 2020, Eq. 9: v."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = _ordered(a), _ordered(b)
    tilt_a = math.atan(float((ax2 - ax1) / (ay2 - ay1)))
    tilt_b = math.atan(float((bx2 - bx1) / (by2 - by1)))
    return (2 / math.pi * (tilt_b - tilt_a)) ** 2


def ciou_trade_off(a: Box, b: Box, form: str) -> float:
    """Eq. 11 of 2020 ("yolo"), and the journal version, which drops it at IoU <= 0.5."""
    v, iou = ciou_shape_term(a, b), float(exact_iou(a, b))
    if v == 0 or (form == "official" and iou <= 0.5):
        return 0.0
    return v / ((1 - iou) + v)


def ciou_loss(a: Box, b: Box, trade_off: float) -> float:
    """Eq. 10, the trade-off given as the constant that it is to the gradient."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = _ordered(a), _ordered(b)
    rho = math.hypot(float(ax1 + ax2 - bx1 - bx2) / 2, float(ay1 + ay2 - by1 - by2) / 2)
    diagonal = math.hypot(
        float(max(ax2, bx2) - min(ax1, bx1)), float(max(ay2, by2) - min(ay1, by1))
    )
    penalty = (rho / diagonal) ** 2 + trade_off * ciou_shape_term(a, b)
    return iou_loss(a, b) + penalty


def smooth_l1_loss(a_cxcywh: Box, b_cxcywh: Box, beta: float) -> float:
    """Girshick 2015, Eq. 2 and 3, with the knee at beta."""
    loss = 0.0
    for difference in (abs(p - q) for p, q in zip(a_cxcywh, b_cxcywh, strict=True)):
        if difference < beta:
            loss += 0.5 * difference**2 / beta
        else:
            loss += difference - 0.5 * beta
    return loss


def cxcywh(box: Box) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = _ordered(box)
    return float((x1 + x2) / 2), float((y1 + y2) / 2), float(x2 - x1), float(y2 - y1)


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


def dice_loss(prob: Sequence[float], target: Sequence[float], smooth: float) -> float:
    both = math.fsum(p * t for p, t in zip(prob, target, strict=True))
    return 1 - (2 * both + smooth) / (math.fsum(prob) + math.fsum(target) + smooth)


def soft_miou_loss(
    prob: Sequence[Sequence[float]], target: Sequence[Sequence[float]], eps: float
) -> float:
    """Rahman and Wang 2016, Eq. 3 to 5, one image: a row of pixels for each class."""
    ious = []
    for p_row, t_row in zip(prob, target, strict=True):
        pixels = list(zip(p_row, t_row, strict=True))
        shared = math.fsum(p * t for p, t in pixels)
        either = math.fsum(p + t - p * t for p, t in pixels)
        ious.append((shared + eps) / (either + eps))
    return 1 - math.fsum(ious) / len(ious)


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


def mean_iou(
    pred: Sequence[int], target: Sequence[int], classes: Sequence[int]
) -> tuple[list[float], list[bool], float]:
    """Sets of pixels, one class after the other; negative targets are void."""
    pixels = [i for i, label in enumerate(target) if label >= 0]
    ious, present = [], []
    for name in classes:
        predicted = {i for i in pixels if pred[i] == name}
        true = {i for i in pixels if target[i] == name}
        present.append(bool(predicted | true))
        ious.append(len(predicted & true) / len(predicted | true) if predicted | true else 0.0)
    count = sum(present)
    return ious, present, math.fsum(ious) / count if count else 0.0


def precision_recall(
    scores: Sequence[float], outcome: Sequence[int], positives: int, score_threshold: float
) -> tuple[int, int, int, float | None, float | None]:
    """TP, FP, FN, and precision and recall or None where they are 0 / 0."""
    kept = [o for s, o in zip(scores, outcome, strict=True) if not s < score_threshold]
    tp, fp = kept.count(1), kept.count(0)
    precision = float(Fraction(tp, tp + fp)) if tp + fp else None
    recall = float(Fraction(tp, positives)) if positives else None
    return tp, fp, positives - tp, precision, recall
