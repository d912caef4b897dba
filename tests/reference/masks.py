"""Losses and metrics of masks as plain scalars, straight from the papers: slow.

Nothing here imports what it checks, nor any array library. Masks in general position
only: classes absent from both are tested as worked values.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise


def dice_loss(
    prob: Sequence[float],
    target: Sequence[float],
    smooth: float,
    *,
    squared: bool = False,
    below: bool = False,
) -> float:
    """Dice 1945; squared: Milletari et al. 2016, Section 3."""
    both = math.fsum(p * t for p, t in zip(prob, target, strict=True))
    size = math.fsum(x * x if squared else x for x in (*prob, *target))
    return 1 - (2 * both + (0 if below else smooth)) / (size + smooth)


def tversky_index(
    prob: Sequence[float], target: Sequence[float], alpha: float, beta: float, smooth: float
) -> Fraction:
    """Salehi et al. 2017, with ``smooth`` above and below, exactly."""
    pixels = [(Fraction(p), Fraction(t)) for p, t in zip(prob, target, strict=True)]
    true_positive = sum((p * t for p, t in pixels), Fraction(0))
    false_positive = sum((p * (1 - t) for p, t in pixels), Fraction(0))
    false_negative = sum(((1 - p) * t for p, t in pixels), Fraction(0))
    above = true_positive + Fraction(smooth)
    return above / (above + Fraction(alpha) * false_positive + Fraction(beta) * false_negative)


def tversky_loss(
    prob: Sequence[float], target: Sequence[float], alpha: float, beta: float, smooth: float
) -> float:
    return float(1 - tversky_index(prob, target, alpha, beta, smooth))


def focal_tversky_loss(
    prob: Sequence[float],
    target: Sequence[float],
    alpha: float,
    beta: float,
    smooth: float,
    power: float,
) -> float:
    """Abraham and Khan 2019, ``power`` being its 1 / gamma."""
    rest = 1 - tversky_index(prob, target, alpha, beta, smooth)
    # Not through float: 1 - TI may be too small for it.
    return float((Decimal(rest.numerator) / Decimal(rest.denominator)) ** Decimal(power))


def soft_jaccard_loss(prob: Sequence[float], target: Sequence[float], smooth: float) -> float:
    pixels = [(Fraction(p), Fraction(t)) for p, t in zip(prob, target, strict=True)]
    overlap = sum((p * t for p, t in pixels), Fraction(smooth))
    union = sum((p + t - p * t for p, t in pixels), Fraction(smooth))
    return float(1 - overlap / union)


def jaccard_loss(wrong: set[int], truth: set[int]) -> Fraction:
    """Berman et al. 2018: 1 - IoU of a mask, from its wrong pixels; of nothing, 0."""
    union = wrong | truth
    return Fraction(len(wrong), len(union)) if union else Fraction(0)


def lovasz_jaccard(errors: Sequence[Fraction], truth: set[int]) -> tuple[Fraction, list[Fraction]]:
    """Berman et al. 2018: the extension and its gradient; ties in order of index.

    The sum over the descending errors of each times what its pixel adds to the loss.
    """
    order = sorted(range(len(errors)), key=lambda i: (-errors[i], i))
    losses = [jaccard_loss(set(order[:count]), truth) for count in range(len(order) + 1)]
    slopes = [Fraction(0)] * len(errors)
    for pixel, (before, after) in zip(order, pairwise(losses), strict=True):
        slopes[pixel] = after - before
    return sum((m * g for m, g in zip(errors, slopes, strict=True)), Fraction(0)), slopes


def lovasz_hinge_loss(logits: Sequence[float], target: Sequence[int]) -> tuple[float, list[float]]:
    """The loss of an image and its gradient."""
    signs = [2 * t - 1 for t in target]
    margins = [1 - Fraction(x) * y for x, y in zip(logits, signs, strict=True)]
    truth = {i for i, t in enumerate(target) if t}
    value, slopes = lovasz_jaccard([max(Fraction(0), m) for m in margins], truth)
    gradient = [
        float(-y * slope) if m > 0 else 0.0
        for y, m, slope in zip(signs, margins, slopes, strict=True)
    ]
    return float(value), gradient


def lovasz_softmax_loss(
    prob: Sequence[Sequence[float]], target: Sequence[Sequence[int]], *, only_present: bool
) -> float:
    """One image: a row of pixels for each class."""
    values = []
    for p_row, t_row in zip(prob, target, strict=True):
        truth = {i for i, t in enumerate(t_row) if t}
        errors = [abs(Fraction(t) - Fraction(p)) for p, t in zip(p_row, t_row, strict=True)]
        if truth or not only_present:
            values.append(lovasz_jaccard(errors, truth)[0])
    return float(sum(values, Fraction(0)) / len(values)) if values else 0.0


def cross_entropy(logit: float, label: float, beta: float = 1, gamma: float = 1) -> float:
    """Of one pixel, its true part weighed by ``beta`` and the other by ``gamma``."""

    def surprise(x: float) -> float:
        return max(-x, 0) + math.log1p(math.exp(-abs(x)))

    return beta * label * surprise(logit) + gamma * (1 - label) * surprise(-logit)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def dice_bce_loss(
    logits: Sequence[float], target: Sequence[float], weights: tuple[float, float], smooth: float
) -> float:
    terms = [cross_entropy(x, t) for x, t in zip(logits, target, strict=True)]
    dice = dice_loss([sigmoid(x) for x in logits], target, smooth)
    return weights[0] * dice + weights[1] * math.fsum(terms) / len(terms)


def combo_loss(
    logits: Sequence[float], target: Sequence[float], alpha: float, beta: float, smooth: float
) -> float:
    """Taghanaki et al. 2019, with the Dice loss in the place of minus Dice."""
    terms = [cross_entropy(x, t, beta, 1 - beta) for x, t in zip(logits, target, strict=True)]
    dice = dice_loss([sigmoid(x) for x in logits], target, smooth)
    return alpha * math.fsum(terms) / len(terms) + (1 - alpha) * dice


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
