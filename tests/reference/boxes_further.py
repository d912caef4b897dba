"""Further box losses as plain scalars, straight from the papers, as in ``boxes``.

What the gradient of a loss takes as a constant is an argument here, so that finite
differences can hold it.
"""

import math
from typing import NamedTuple

from tests.reference.boxes import Box, ciou_shape_term, exact_iou, giou_loss, iou_loss


class Axis(NamedTuple):
    """One axis of a pair of boxes: two lengths, the way between the middles, the hull."""

    side: float
    target_side: float
    way: float
    hull: float


def axis(a: Box, b: Box, first: int) -> Axis:
    """Measure x (``first`` = 0) or y (1) alone."""
    low, high = sorted((a[first], a[first + 2]))
    target_low, target_high = sorted((b[first], b[first + 2]))
    return Axis(
        side=high - low,
        target_side=target_high - target_low,
        way=abs((low + high) - (target_low + target_high)) / 2,
        hull=max(high, target_high) - min(low, target_low),
    )


def axes(a: Box, b: Box) -> tuple[Axis, Axis]:
    return axis(a, b, 0), axis(a, b, 1)


def squared_distance(a: Box, b: Box) -> float:
    x, y = axes(a, b)
    return math.hypot(x.way, y.way) ** 2


def squared_diagonal(a: Box, b: Box) -> float:
    x, y = axes(a, b)
    return math.hypot(x.hull, y.hull) ** 2


def diou_loss(a: Box, b: Box) -> float:
    """Zheng et al. 2020, Eq. 6 and 7."""
    return iou_loss(a, b) + squared_distance(a, b) / squared_diagonal(a, b)


def eiou_normalisers(a: Box, b: Box) -> tuple[float, float, float]:
    x, y = axes(a, b)
    return squared_diagonal(a, b), x.hull**2, y.hull**2


def eiou_loss(a: Box, b: Box, normalisers: tuple[float, float, float]) -> float:
    """Zhang et al. 2022: L_IOU + L_dis + L_asp."""
    x, y = axes(a, b)
    diagonal, width, height = normalisers
    aspect = (x.side - x.target_side) ** 2 / width + (y.side - y.target_side) ** 2 / height
    return iou_loss(a, b) + squared_distance(a, b) / diagonal + aspect


def focal_eiou_weight(a: Box, b: Box, gamma: float) -> float:
    return float(exact_iou(a, b)) ** gamma


def focal_eiou_loss(a: Box, b: Box, weight: float) -> float:
    return weight * eiou_loss(a, b, eiou_normalisers(a, b))


def siou_loss(a: Box, b: Box, theta: float) -> float:
    """Gevorgyan 2022, with the arcsine of the paper's angle cost."""
    x, y = axes(a, b)
    sine = y.way / (math.hypot(x.way, y.way) or 1.0)
    angle_cost = 1 - 2 * math.sin(math.asin(min(sine, 1.0)) - math.pi / 4) ** 2
    gamma = 2 - angle_cost
    distance_cost = sum(1 - math.exp(-gamma * (t.way / t.hull) ** 2) for t in (x, y))
    shape_cost = 0.0
    for t in (x, y):
        omega = abs(t.side - t.target_side) / max(t.side, t.target_side)
        shape_cost += (1 - math.exp(-omega)) ** theta
    return iou_loss(a, b) + (distance_cost + shape_cost) / 2


def alpha_trade_off(a: Box, b: Box) -> float:
    v = ciou_shape_term(a, b)
    return v / (iou_loss(a, b) + v) if v else 0.0


def alpha_iou_loss(a: Box, b: Box, alpha: float, form: str, trade_off: float) -> float:
    """He et al. 2021: every term of the loss to the power alpha."""
    loss = 1 - float(exact_iou(a, b)) ** alpha
    if form == "giou":
        gap = giou_loss(a, b) - iou_loss(a, b)
        return loss + max(gap, 0.0) ** alpha
    if form in ("diou", "ciou"):
        loss += (squared_distance(a, b) / squared_diagonal(a, b)) ** alpha
    if form == "ciou":
        loss += (trade_off * ciou_shape_term(a, b)) ** alpha
    return loss


def wise_iou_loss(a: Box, b: Box, diagonal: float, gain: float = 1.0) -> float:
    """Tong et al. 2023, v1; times the gain of v2 or v3."""
    return gain * math.exp(squared_distance(a, b) / diagonal) * iou_loss(a, b)


def wise_running_mean(before: float, losses: list[float], momentum: float) -> float:
    if not losses:
        return before
    return (1 - momentum) * before + momentum * math.fsum(losses) / len(losses)


def wise_v2_gain(outlier_degree: float, gamma: float) -> float:
    return outlier_degree**gamma


def wise_v3_gain(outlier_degree: float, alpha: float, delta: float) -> float:
    return outlier_degree / (delta * alpha ** (outlier_degree - delta))


def mpdiou_loss(a: Box, b: Box, width: float, height: float) -> float:
    """Ma and Xu 2023, Section 3; corners in order."""
    scale = width**2 + height**2
    upper_left, lower_right = math.dist(a[:2], b[:2]), math.dist(a[2:], b[2:])
    return iou_loss(a, b) + upper_left**2 / scale + lower_right**2 / scale


def inner_iou_loss(a: Box, b: Box, ratio: float) -> float:
    """Zhang et al. 2023: the IoU loss of the boxes scaled about their centres."""
    return iou_loss(scaled(a, ratio), scaled(b, ratio))


def scaled(box: Box, ratio: float) -> Box:
    centre_x, centre_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_width, half_height = (box[2] - box[0]) * ratio / 2, (box[3] - box[1]) * ratio / 2
    return (
        centre_x - half_width,
        centre_y - half_height,
        centre_x + half_width,
        centre_y + half_height,
    )


def shape_iou_loss(a: Box, b: Box, scale: float) -> float:
    """Zhang and Zhang 2023, with the powers written out."""
    x, y = axes(a, b)
    powers = x.target_side**scale + y.target_side**scale
    ww, hh = 2 * x.target_side**scale / powers, 2 * y.target_side**scale / powers
    distance = (hh * x.way**2 + ww * y.way**2) / squared_diagonal(a, b)
    shape = 0.0
    for t, weight in ((x, hh), (y, ww)):
        omega = weight * abs(t.side - t.target_side) / max(t.side, t.target_side)
        shape += (1 - math.exp(-omega)) ** 4
    return iou_loss(a, b) + distance + 0.5 * shape


def nwd_loss(a: Box, b: Box, constant: float) -> float:
    """Wang et al. 2021, Section 3: the distance of (cx, cy, w/2, h/2)."""
    x, y = axes(a, b)
    half_sides = ((x.side - x.target_side) / 2, (y.side - y.target_side) / 2)
    return 1 - math.exp(-math.hypot(x.way, y.way, *half_sides) / constant)


def l1_loss(a: Box, b: Box) -> float:
    return math.fsum(abs(p - q) for p, q in zip(a, b, strict=True))


def huber_loss(a: Box, b: Box, delta: float) -> float:
    """Huber 1964: a parabola, and its tangent from delta on."""
    loss = 0.0
    for d in (abs(p - q) for p, q in zip(a, b, strict=True)):
        loss += d * d / 2 if d <= delta else delta * d - delta * delta / 2
    return loss


def balanced_l1_loss(a: Box, b: Box, alpha: float, gamma: float) -> float:
    """Pang et al. 2019, Section 3.3, with beta = 1."""
    slope = math.exp(gamma / alpha) - 1
    loss = 0.0
    for d in (abs(p - q) for p, q in zip(a, b, strict=True)):
        if d < 1:
            loss += alpha / slope * (slope * d + 1) * math.log(slope * d + 1) - alpha * d
        else:
            loss += gamma * d + gamma / slope - alpha
    return loss
