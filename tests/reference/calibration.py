"""Calibration errors in exact fractions, straight from the papers: slow.

Nothing here imports what it checks, nor any array library.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

Detection = tuple[float, bool, float]


def calibration(
    detections: Sequence[Detection], edges: Sequence[float], least: int = 1
) -> tuple[float, float]:
    """Return D-ECE (Küppers et al. 2020) and LaECE (Oksuz et al. 2023) of one class.

    A detection is a score, whether it is right, and the IoU with what it matched.
    """
    n, d_ece, la_ece = len(detections), Fraction(0), Fraction(0)
    for low, high in pairwise(edges):
        is_last = high == edges[-1]
        inside = [d for d in detections if low <= d[0] < high or (is_last and d[0] == high)]
        if len(inside) < max(least, 1):
            continue
        right = [d for d in inside if d[1]]
        score = sum(Fraction(d[0]) for d in inside) / len(inside)
        precision = Fraction(len(right), len(inside))
        iou = sum((Fraction(d[2]) for d in right), Fraction(0)) / max(len(right), 1)
        d_ece += Fraction(len(inside), n) * abs(precision - score)
        la_ece += Fraction(len(inside), n) * abs(score - precision * iou)
    return float(d_ece), float(la_ece)
