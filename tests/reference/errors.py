"""Confusion, TIDE's kinds and LRP as loops over boxes: slow references for the kernels."""

import math
from collections import Counter
from typing import NamedTuple

Box = tuple[float, float, float, float]

CLASSIFICATION, LOCALISATION, BOTH, DUPLICATE, BACKGROUND = range(1, 6)


class Lrp(NamedTuple):
    """Of one class at one threshold: LRP and its parts, None where there are no such boxes."""

    lrp: float
    localisation: float | None
    false_positive: float | None
    false_negative: float


def overlap(a: Box, b: Box) -> float:
    """Return the IoU of two boxes, left, top, width, height."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


def lrp(
    scores: list[float],
    outcomes: list[int],
    ious: list[float],
    positives: int,
    tau: float,
    threshold: float,
) -> Lrp:
    """Return the LRP of one class with objects; outcomes 0 false, 1 true, 2 ignored."""
    kept = [k for k, score in enumerate(scores) if score >= threshold]
    errors = [1 - ious[k] for k in kept if outcomes[k] == 1]
    tp, fp = len(errors), sum(outcomes[k] == 0 for k in kept)
    fn = positives - tp
    return Lrp(
        (math.fsum(errors) / (1 - tau) + fp + fn) / (tp + fp + fn),
        math.fsum(errors) / tp if tp else None,
        fp / (tp + fp) if tp + fp else None,
        fn / positives,
    )


def optimal_lrp(
    scores: list[float], outcomes: list[int], ious: list[float], positives: int, tau: float
) -> float:
    """Return the lowest LRP over every score and a threshold above all."""
    thresholds = {*scores, math.inf}
    return min(lrp(scores, outcomes, ious, positives, tau, each).lrp for each in thresholds)


def confusion(
    labels: list[int],
    scores: list[float],
    matches: list[int],
    truths: list[int],
    classes: int,
    threshold: float,
) -> list[list[int]]:
    """Return counts [true][predicted], the background last."""
    pairs: Counter[tuple[int, int]] = Counter()
    found = set()
    for label, score, match in zip(labels, scores, matches, strict=True):
        if score >= threshold:
            pairs[truths[match] if match >= 0 else classes, label] += 1
            found.add(match)
    for truth, label in enumerate(truths):
        if truth not in found:
            pairs[label, classes] += 1
    every = range(classes + 1)
    return [[pairs[row, column] for column in every] for row in every]


def tide_kind(
    label: int,
    overlaps: list[float],
    truths: list[int],
    found: list[bool],
    threshold: float,
    background: float,
) -> tuple[int, int]:
    """Return the kind of one false detection and its target or -1.

    The lists are of the ground truths of its image that count.
    """
    own = [g for g, each in enumerate(truths) if each == label]
    others = [g for g, each in enumerate(truths) if each != label]
    nearest = max(own, key=lambda g: (overlaps[g], -g), default=None)
    if nearest is not None and background <= overlaps[nearest] <= threshold:
        return LOCALISATION, nearest
    mistaken = max(others, key=lambda g: (overlaps[g], -g), default=None)
    if mistaken is not None and overlaps[mistaken] >= threshold:
        return CLASSIFICATION, mistaken
    if any(found[g] and overlaps[g] >= threshold for g in own):
        return DUPLICATE, -1
    return (BACKGROUND if max(overlaps, default=0.0) <= background else BOTH), -1
