"""The library's losses with other options than their graphs have: how much hangs on them."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from gradients import Gradient
from protocol import Floats
from torch import Tensor
from variants import autograd_gradient

from boxgauge.losses import (
    alpha_iou_loss,
    ciou_loss,
    focal_eiou_loss,
    inner_iou_loss,
    iou_loss,
    mpdiou_loss,
    nwd_loss,
    wise_iou_v2_loss,
    wise_iou_v3_loss,
)
from boxgauge.losses.boxes import Corners
from boxgauge.losses.wise_iou import WiseIoU

Kernel = Callable[[Tensor, Tensor], Tensor]


def stateless(kernel: Kernel, targets: Floats) -> Gradient:
    """Return the gradient of a kernel that takes corner-form boxes."""

    def loss(a: Corners, b: Corners) -> Tensor:
        return kernel(torch.stack(a, dim=-1), torch.stack(b, dim=-1))

    return autograd_gradient(loss, targets)


def stateful(kernel: Callable[[Tensor, Tensor, Tensor], WiseIoU], targets: Floats) -> Gradient:
    """Return the gradient of a kernel that keeps a running mean, 1 at first."""
    mean = torch.ones(1)

    def remembering(pred: Tensor, target: Tensor) -> Tensor:
        nonlocal mean
        loss, mean = kernel(pred, target, mean)
        return loss

    return stateless(remembering, targets)


def _mpdiou(pred: Tensor, target: Tensor, *, side: float) -> Tensor:
    return mpdiou_loss(pred, target, torch.full((len(pred), 2), side))


def _inner_ciou(pred: Tensor, target: Tensor) -> Tensor:
    inner = inner_iou_loss(pred, target)
    return ciou_loss(pred, target) + inner - iou_loss(pred, target)


OPTIONS: Mapping[str, Callable[[Floats], Gradient]] = {
    'CIoU, `alpha="yolo"`': partial(stateless, partial(ciou_loss, alpha="yolo")),
    "MPDIoU, image of side 5": partial(stateless, partial(_mpdiou, side=5.0)),
    "Inner-IoU, `ratio=1.25`": partial(stateless, partial(inner_iou_loss, ratio=1.25)),
    "CIoU + Inner-IoU − IoU": partial(stateless, _inner_ciou),
    'α-IoU, `form="diou"`': partial(stateless, partial(alpha_iou_loss, form="diou")),
    'Focal-EIoU, `weight="differentiated"`': partial(
        stateless, partial(focal_eiou_loss, weight="differentiated")
    ),
    "Wise-IoU v2, `momentum=0.2`": partial(stateful, partial(wise_iou_v2_loss, momentum=0.2)),
    "Wise-IoU v3, `momentum=0.2`": partial(stateful, partial(wise_iou_v3_loss, momentum=0.2)),
    "NWD, `constant=12.8` sides": partial(stateless, nwd_loss),
}
