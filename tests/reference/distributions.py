"""Distances of distributions and expected precision as plain scalars: slow.

Nothing here imports what it checks, nor any array library.
"""

import math
from collections.abc import Sequence

Counts = Sequence[int]


def shares(counts: Counts) -> list[float]:
    """Return each count over the sum."""
    return [each / sum(counts) for each in counts]


def psi(reference: Counts, current: Counts) -> float:
    """Return the population stability index, half a count more in each bin that occurs."""
    occurring = [(p + 0.5, q + 0.5) for p, q in zip(reference, current, strict=True) if p + q]
    n, m = (sum(side) for side in zip(*occurring, strict=True))
    return sum((q / m - p / n) * math.log((q / m) / (p / n)) for p, q in occurring)


def jensen_shannon(reference: Counts, current: Counts) -> float:
    """Return the mean divergence of both from their mean."""
    found = 0.0
    for p, q in zip(shares(reference), shares(current), strict=True):
        for share in (p, q):
            if share:
                found += share / 2 * math.log(share / ((p + q) / 2))
    return found


def kolmogorov_smirnov(reference: Counts, current: Counts) -> float:
    """Return the largest difference of cumulative shares."""
    p, q = shares(reference), shares(current)
    return max(abs(sum(q[: k + 1]) - sum(p[: k + 1])) for k in range(len(p)))


def wasserstein(
    reference: Counts, current: Counts, widths: Sequence[float], steps: int = 2000
) -> float:
    """Return the area between both cumulative shares, by many small steps in each bin."""
    p, q = shares(reference), shares(current)
    area = 0.0
    for k, width in enumerate(widths):
        before = sum(q[:k]) - sum(p[:k])
        for step in range(steps):
            area += abs(before + (q[k] - p[k]) * (step + 0.5) / steps) * width / steps
    return area


def average_precision(
    tp: Sequence[float], fp: Sequence[float], positives: float, recall_points: Sequence[float]
) -> float:
    """Return the mean of interpolated precision, each bin cut into many small equal parts."""
    if positives <= 0:
        return 0.0
    parts = 400
    reached = []
    hits = misses = 0.0
    for of_bin, wrong in zip(tp, fp, strict=True):
        for _ in range(parts):
            hits += of_bin / parts
            misses += wrong / parts
            if hits + misses > 0:
                reached.append((hits / positives, hits / (hits + misses)))
    return sum(
        max((each for recall, each in reached if recall >= point - 1e-9), default=0.0)
        for point in recall_points
    ) / len(recall_points)
