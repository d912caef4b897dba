"""The paper's losses written plainly in PyTorch, and the same with one thing changed each.

The changes are what readers of the released simulation and of the paper have found, each in
a formula of its own: see docs/box-regression.md for the sources.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from gradients import Gradient
from protocol import Floats
from torch import Tensor

from boxgauge.losses.boxes import Corners, area, corners, hull, intersection

# Given predictions and targets in corner form.
Loss = Callable[[Corners, Corners], Tensor]
_EPS = 1e-7


def autograd_gradient(loss: Loss, targets: Floats) -> Gradient:
    """Return the gradient of ``loss`` by (cx, cy, w, h), as PyTorch computes it eagerly."""
    wanted = corners(_corner_form(torch.from_numpy(targets)))

    def gradient(boxes: Floats) -> Floats:
        leaf = torch.from_numpy(boxes.copy()).requires_grad_()
        total = loss(corners(_corner_form(leaf)), wanted).sum()
        (slope,) = torch.autograd.grad(total, leaf)
        return np.asarray(slope.numpy(), dtype=np.float32)

    return gradient


def iou(a: Corners, b: Corners) -> Tensor:
    """Return the loss 1 - IoU."""
    return 1 - _iou(a, b)


def giou(a: Corners, b: Corners) -> Tensor:
    """Return the loss 1 - GIoU."""
    return _giou(a, b, intersection(a, b))


def giou_unclamped(a: Corners, b: Corners) -> Tensor:
    """Return 1 - GIoU with the sides of the intersection not clamped at 0.

    Boxes apart get an "intersection" of negative area, or, where apart on both axes, of a
    positive one.
    """
    width = torch.minimum(a.x2, b.x2) - torch.maximum(a.x1, b.x1)
    height = torch.minimum(a.y2, b.y2) - torch.maximum(a.y1, b.y1)
    return _giou(a, b, width * height)


def diou(a: Corners, b: Corners) -> Tensor:
    """Return the loss 1 - DIoU."""
    return iou(a, b) + _distance(a, b) / _diagonal(a, b)


def diou_fixed_hull(a: Corners, b: Corners) -> Tensor:
    """Return 1 - DIoU with the hull's diagonal a constant to the gradient."""
    return iou(a, b) + _distance(a, b) / _diagonal(a, b).detach()


def diou_flipped(a: Corners, b: Corners) -> Tensor:
    """Return a loss with DIoU's gradient but for the sign of the diagonal's part."""
    distance, diagonal = _distance(a, b), _diagonal(a, b)
    return (
        iou(a, b)
        + distance / diagonal.detach()
        + distance.detach() * (diagonal / diagonal.detach().square())
    )


def ciou(a: Corners, b: Corners) -> Tensor:
    """Return 1 - CIoU as in the journal version: the shape counts where IoU > 0.5."""
    return diou(a, b) + _shape(a, b, gate=0.5)


def ciou_ungated(a: Corners, b: Corners) -> Tensor:
    """Return 1 - CIoU as in the AAAI paper's Eq. 11: the shape counts everywhere."""
    return diou(a, b) + _shape(a, b)


def ciou_unscaled(a: Corners, b: Corners) -> Tensor:
    """Return CIoU ungated, the gradient of v times w² + h²: the AAAI paper's advice."""
    return diou(a, b) + _shape(a, b, unscaled=True)


def ciou_flipped(a: Corners, b: Corners) -> Tensor:
    """Return ``ciou_unscaled`` on top of ``diou_flipped``."""
    return diou_flipped(a, b) + _shape(a, b, unscaled=True)


VARIANTS: Mapping[str, Loss] = {
    "IoU": iou,
    "GIoU": giou,
    "GIoU, intersection not clamped": giou_unclamped,
    "DIoU": diou,
    "DIoU, hull constant to the gradient": diou_fixed_hull,
    "DIoU, sign of the hull's part flipped": diou_flipped,
    "CIoU (shape where IoU > 0.5)": ciou,
    "CIoU, shape everywhere": ciou_ungated,
    "CIoU, shape everywhere, 1 / (w² + h²) left out": ciou_unscaled,
    "the same, sign of the hull's part flipped": ciou_flipped,
}


def _corner_form(boxes: Tensor) -> Tensor:
    cx, cy, w, h = boxes.unbind(-1)
    return torch.stack((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), dim=-1)


def _iou(a: Corners, b: Corners) -> Tensor:
    overlap = intersection(a, b)
    return overlap / (area(a) + area(b) - overlap).clamp(min=_EPS)


def _giou(a: Corners, b: Corners, overlap: Tensor) -> Tensor:
    union = area(a) + area(b) - overlap
    around = area(hull(a, b))
    return 1 - overlap / union + (around - union) / around


def _distance(a: Corners, b: Corners) -> Tensor:
    across, down = (a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2
    return across.square() + down.square()


def _diagonal(a: Corners, b: Corners) -> Tensor:
    box = hull(a, b)
    return (box.x2 - box.x1).square() + (box.y2 - box.y1).square()


def _shape(a: Corners, b: Corners, *, gate: float = -1.0, unscaled: bool = False) -> Tensor:
    width, height = a.x2 - a.x1, a.y2 - a.y1
    angle = torch.atan(width / height.clamp(min=_EPS))
    wanted = torch.atan((b.x2 - b.x1) / (b.y2 - b.y1))
    v = 4 / math.pi**2 * (wanted - angle).square()
    overlap = _iou(a, b)
    trade_off = (v / (1 - overlap + v).clamp(min=_EPS) * (overlap > gate)).detach()
    weight = (width.square() + height.square()).detach() if unscaled else 1.0
    return trade_off * weight * v
