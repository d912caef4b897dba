"""Curves over score thresholds as plain scalars, straight from the definitions: slow.

Nothing here imports what it checks, nor any array library.
"""

from collections.abc import Sequence

# Detections as (score, outcome): 0 a false positive, 1 a true positive, 2 ignored.
Detections = Sequence[tuple[float, int]]


def counts(detections: Detections) -> list[tuple[float, int, int]]:
    """Return (threshold, true positives, false positives) of each distinct score, falling."""
    scores = sorted({score for score, outcome in detections if outcome != 2}, reverse=True)
    found = []
    for threshold in scores:
        passing = [outcome for score, outcome in detections if score >= threshold]
        found.append((threshold, passing.count(1), passing.count(0)))
    return found


def f_beta(precision: float, recall: float, beta: float) -> float:
    """van Rijsbergen 1979: the weighted harmonic mean of two ratios that are defined."""
    if precision == 0 and recall == 0:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def interpolated(
    detections: Detections, positives: int, recall_points: Sequence[float]
) -> list[float]:
    """Return COCO's precision at each recall point; of equal scores the earlier one comes first.

    The highest precision at this recall or beyond, pycocotools' 2^-52 in the denominator.
    """
    reached = []
    tp = seen = 0
    for _, outcome in sorted(detections, key=lambda each: -each[0]):
        seen += outcome != 2
        tp += outcome == 1
        reached.append((tp / positives, tp / (seen + 2.0**-52)))
    return [
        max((precision for recall, precision in reached if recall >= point), default=0.0)
        for point in recall_points
    ]
