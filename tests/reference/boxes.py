"""Box losses as plain scalars, straight from the papers: slow, and checked against.

Boxes are tuples (x1, y1, x2, y2), or (cx, cy, w, h) where a name says so. Nothing here
imports what it checks, nor any array library. Boxes in general position only: what an
`eps` decides (empty boxes) is tested as worked values.
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
