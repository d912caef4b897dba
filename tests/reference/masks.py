"""Losses and metrics of masks as plain scalars, straight from the papers: slow.

Nothing here imports what it checks, nor any array library. Masks in general position
only: classes absent from both are tested as worked values.
"""

import math
from collections.abc import Sequence


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
