"""What the losses are timed beside: the formulas written plainly, and libraries that have them.

Plain is what one writes from the paper in a few lines of PyTorch: no floors, nothing widened,
broken at the edges. Each returns one value a row, so that all do the same work.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Contest:
    """One loss of the library and who else computes it.

    Attributes:
        name: Of the loss and its graphs.
        draw: Draws n pairs of inputs.
        plain: The formula as one writes it.
        peers: Other libraries' functions, by name and version, with reduction "none".
    """

    name: str
    draw: Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
    plain: Loss
    peers: dict[str, Loss]


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
    centres = (pred[:, :2] + pred[:, 2:] - target[:, :2] - target[:, 2:]) / 2
    return 1 - overlap / union + (centres**2).sum(-1) / (_hull(pred, target) ** 2).sum(-1)


def ciou(pred: Tensor, target: Tensor) -> Tensor:
    """1 - CIoU, with the first version's alpha."""
    overlap, union = _overlap_and_union(pred, target)
    w, h = (pred[:, 2:] - pred[:, :2]).unbind(-1)
    true_w, true_h = (target[:, 2:] - target[:, :2]).unbind(-1)
    v = 4 / math.pi**2 * (torch.atan(true_w / true_h) - torch.atan(w / h)) ** 2
    alpha = (v / (1 - overlap / union + v)).detach()
    return diou(pred, target) + alpha * v


def focal(logits: Tensor, target: Tensor) -> Tensor:
    """Focal loss with alpha 0.25 and gamma 2."""
    prob = logits.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p_t = prob * target + (1 - prob) * (1 - target)
    return (0.25 * target + 0.75 * (1 - target)) * (1 - p_t) ** 2 * entropy


def contests() -> list[Contest]:
    """Return what is timed; a peer that is not installed is left out and not in the table."""
    monai, kornia = _monai(), _kornia()
    return [
        Contest("iou_loss", _boxes, iou, {}),
        Contest("giou_loss", _boxes, giou, monai.get("giou_loss", {})),
        Contest("diou_loss", _boxes, diou, {}),
        Contest("ciou_loss", _boxes, ciou, {}),
        Contest(
            "smooth_l1_loss",
            _boxes,
            lambda pred, target: functional.smooth_l1_loss(pred, target, reduction="none").sum(-1),
            {},
        ),
        Contest(
            "bce_with_logits_loss",
            _logits,
            lambda logits, target: functional.binary_cross_entropy_with_logits(
                logits, target, reduction="none"
            ),
            {},
        ),
        Contest(
            "focal_loss",
            _logits,
            focal,
            monai.get("focal_loss", {}) | kornia.get("focal_loss", {}),
        ),
    ]


def _monai() -> dict[str, dict[str, Loss]]:
    try:
        label = f"monai {version('monai')}"
    except PackageNotFoundError:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import, about its own optional parts
        from monai.data.box_utils import box_pair_giou
        from monai.losses import FocalLoss

    its_focal = FocalLoss(gamma=2.0, alpha=0.25, reduction="none")
    return {
        "giou_loss": {label: lambda pred, target: 1 - box_pair_giou(pred, target)},
        # It wants a batch and a class axis.
        "focal_loss": {
            label: lambda logits, target: its_focal(logits[:, None, None], target[:, None, None])
        },
    }


def _kornia() -> dict[str, dict[str, Loss]]:
    try:
        label = f"kornia {version('kornia')}"
    except PackageNotFoundError:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import, about its own optional parts
        from kornia.losses import binary_focal_loss_with_logits

    return {
        "focal_loss": {
            label: lambda logits, target: binary_focal_loss_with_logits(
                logits[:, None], target[:, None], alpha=0.25, gamma=2.0, reduction="none"
            )
        }
    }


def _boxes(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    corner = torch.rand(n, 2, generator=generator) * 400
    target = torch.cat((corner, corner + 20 + torch.rand(n, 2, generator=generator) * 180), -1)
    return target + torch.randn(n, 4, generator=generator) * 4, target


def _logits(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    labels = (torch.rand(n, generator=generator) < 0.1).float()
    return torch.randn(n, generator=generator) * 3 - 2, labels


def _overlap_and_union(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    low = torch.maximum(pred[:, :2], target[:, :2])
    high = torch.minimum(pred[:, 2:], target[:, 2:])
    overlap = (high - low).clamp(min=0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (pred, target)]
    return overlap, areas[0] + areas[1] - overlap


def _hull(pred: Tensor, target: Tensor) -> Tensor:
    low = torch.minimum(pred[:, :2], target[:, :2])
    return torch.maximum(pred[:, 2:], target[:, 2:]) - low
