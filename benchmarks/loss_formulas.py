"""The losses as one writes them from their papers in a few lines of PyTorch.

No floors, nothing widened, broken at the edges. Each returns one value a row, so that all that is
timed beside it does the same work.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional


def iou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - IoU."""
    overlap, union = _overlap_and_union(pred, target)
    return 1 - overlap / union


def giou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - GIoU."""
    overlap, union = _overlap_and_union(pred, target)
    hull = _hull(pred, target).prod(-1)
    return 1 - overlap / union + (hull - union) / hull


def diou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - DIoU."""
    overlap, union = _overlap_and_union(pred, target)
    squared_distance = (_offset(pred, target) ** 2).sum(-1)
    return 1 - overlap / union + squared_distance / (_hull(pred, target) ** 2).sum(-1)


def ciou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - CIoU, with the alpha of its authors' later code."""
    overlap, union = _overlap_and_union(pred, target)
    w, h = _sides(pred).unbind(-1)
    true_w, true_h = _sides(target).unbind(-1)
    v = 4 / math.pi**2 * (torch.atan(true_w / true_h) - torch.atan(w / h)) ** 2
    iou = overlap / union
    alpha = (v / (1 - iou + v) * (iou > 0.5)).detach()
    return diou(pred, target) + alpha * v


def eiou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - EIoU."""
    sides = (_sides(pred) - _sides(target)) ** 2 / _hull(pred, target) ** 2
    return diou(pred, target) + sides.sum(-1)


def siou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - SIoU with a theta of 4; the sine of twice the angle instead of the paper's arcsine."""
    offset, hull = _offset(pred, target), _hull(pred, target)
    angle = 2 * offset.prod(-1).abs() / (offset**2).sum(-1)
    distance = 1 - torch.exp(-(2 - angle[:, None]) * (offset / hull) ** 2)
    sides, true_sides = _sides(pred), _sides(target)
    omega = (sides - true_sides).abs() / torch.maximum(sides, true_sides)
    shape = (1 - torch.exp(-omega)) ** 4
    return iou(pred, target) + (distance.sum(-1) + shape.sum(-1)) / 2


def l1(pred: Tensor, target: Tensor) -> Tensor:
    """The sum over the four coordinates."""
    return functional.l1_loss(pred, target, reduction="none").sum(-1)


def smooth_l1(pred: Tensor, target: Tensor) -> Tensor:
    """The sum over the four coordinates, with a beta of 1."""
    return functional.smooth_l1_loss(pred, target, reduction="none").sum(-1)


def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross entropy."""
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def focal(logits: Tensor, target: Tensor) -> Tensor:
    """Focal loss with alpha 0.25 and gamma 2."""
    prob = logits.sigmoid()
    p_t = prob * target + (1 - prob) * (1 - target)
    return (0.25 * target + 0.75 * (1 - target)) * (1 - p_t) ** 2 * bce(logits, target)


def quality_focal(logits: Tensor, quality: Tensor) -> Tensor:
    """Quality focal loss with a beta of 2."""
    return (quality - logits.sigmoid()) ** 2 * bce(logits, quality)


def varifocal(logits: Tensor, quality: Tensor) -> Tensor:
    """Varifocal loss with alpha 0.75 and gamma 2."""
    weight = torch.where(quality > 0, quality, 0.75 * logits.sigmoid() ** 2)
    return weight * bce(logits, quality)


def dice(prob: Tensor, target: Tensor) -> Tensor:
    """1 - Dice of each mask, smoothed by 1."""
    overlap = (prob * target).sum(-1)
    return 1 - (2 * overlap + 1) / (prob.sum(-1) + target.sum(-1) + 1)


def _overlap_and_union(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    low = torch.maximum(pred[:, :2], target[:, :2])
    high = torch.minimum(pred[:, 2:], target[:, 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    return overlap, _sides(pred).prod(-1) + _sides(target).prod(-1) - overlap


def _hull(pred: Tensor, target: Tensor) -> Tensor:
    low = torch.minimum(pred[:, :2], target[:, :2])
    return torch.maximum(pred[:, 2:], target[:, 2:]) - low


def _sides(boxes: Tensor) -> Tensor:
    return boxes[:, 2:] - boxes[:, :2]


def _offset(pred: Tensor, target: Tensor) -> Tensor:
    return (pred[:, :2] + pred[:, 2:] - target[:, :2] - target[:, 2:]) / 2
