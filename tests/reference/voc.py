"""Pascal VOC's evaluation of one class, as loops over plain tuples: the slow reference."""

from collections.abc import Sequence
from typing import NamedTuple

Box = tuple[float, float, float, float]


class Detection(NamedTuple):
    """One detection, corners left, top, right, bottom."""

    image: int
    score: float
    box: Box


class Truth(NamedTuple):
    """One ground truth, corners left, top, right, bottom."""

    image: int
    box: Box
    difficult: bool


def voc_overlap(a: Box, b: Box, pixel: float) -> float:
    """Return the IoU of boxes whose sides are ``pixel`` longer than their corners say."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + pixel
    height = min(a[3], b[3]) - max(a[1], b[1]) + pixel
    if width <= 0 or height <= 0:
        return 0.0
    area_a = (a[2] - a[0] + pixel) * (a[3] - a[1] + pixel)
    area_b = (b[2] - b[0] + pixel) * (b[3] - b[1] + pixel)
    return width * height / (area_a + area_b - width * height)


def outcomes(
    detections: Sequence[Detection], truths: Sequence[Truth], threshold: float, pixel: float
) -> list[int]:
    """Return 0 false positive, 1 true positive or 2 ignored, in the order of the detections."""
    result = [0] * len(detections)
    found: set[int] = set()
    for row in sorted(range(len(detections)), key=lambda row: -detections[row].score):
        image, _, box = detections[row]
        best, closest = 0.0, None
        for k, truth in enumerate(truths):
            if truth.image == image:
                overlap = voc_overlap(box, truth.box, pixel)
                if overlap > best:
                    best, closest = overlap, k
        if closest is None or best < threshold:
            continue
        if truths[closest].difficult:
            result[row] = 2
        elif closest not in found:
            found.add(closest)
            result[row] = 1
    return result


def precision_recall(
    detections: Sequence[Detection], outcome: Sequence[int], positives: int
) -> tuple[list[float], list[float]]:
    """Return precision and recall after each detection that counts, by falling score."""
    tp = fp = 0
    precision, recall = [], []
    for row in sorted(range(len(detections)), key=lambda row: -detections[row].score):
        tp, fp = tp + (outcome[row] == 1), fp + (outcome[row] == 0)
        precision.append(tp / max(tp + fp, 1))
        recall.append(tp / positives)
    return precision, recall


def all_point(precision: Sequence[float], recall: Sequence[float]) -> float:
    """Return the area below the envelope, rectangle after rectangle."""
    heights = [0.0, *precision, 0.0]
    places = [0.0, *recall, 1.0]
    for i in range(len(heights) - 1, 0, -1):
        heights[i - 1] = max(heights[i - 1], heights[i])
    area = 0.0
    for i in range(1, len(places)):
        if places[i] != places[i - 1]:
            area += (places[i] - places[i - 1]) * heights[i]
    return area


def eleven_point(precision: Sequence[float], recall: Sequence[float]) -> float:
    """Return the mean of the highest precision at recall 1, 0.9, …, 0."""
    total = 0.0
    for tenth in range(10, -1, -1):
        total += max(
            (p for p, r in zip(precision, recall, strict=True) if r >= tenth * 0.1), default=0
        )
    return total / 11
