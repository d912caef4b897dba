"""What the losses are timed beside: their formulas, plainly written, and libraries that have them.

torchvision, and what needs it (Ultralytics, segmentation_models.pytorch, mmdetection), is not among
the libraries: its wheels want another build of torch than the CPU's.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import loss_formulas as plain
import torch
from torch import Generator, Tensor

Loss = Callable[[Tensor, Tensor], Tensor]
Pair = tuple[Tensor, Tensor]

_PIXELS = 100  # of a mask
_HAS = {
    "fvcore": ("giou_loss", "smooth_l1_loss", "focal_loss"),
    "monai": ("giou_loss", "focal_loss", "dice_loss"),
    "kornia": ("focal_loss",),
}


@dataclass(frozen=True)
class Contest:
    """One loss of the library and who else computes it.

    Attributes:
        name: Of the loss and its graphs.
        draw: Draws n pairs of inputs.
        plain: The formula as one writes it.
        peers: Other libraries' functions by name and version; None where not installed.
    """

    name: str
    draw: Callable[[int, Generator], Pair]
    plain: Loss
    peers: Mapping[str, Loss | None]


def contests() -> list[Contest]:
    """Return what is timed."""
    peers = [_peer("fvcore", _fvcore), _peer("monai", _monai), _peer("kornia", _kornia)]

    def contest(name: str, draw: Callable[[int, Generator], Pair], formula: Loss) -> Contest:
        theirs = {label: losses[name] for label, losses in peers if name in losses}
        return Contest(name, draw, formula, theirs)

    return [
        contest("iou_loss", _boxes, plain.iou),
        contest("giou_loss", _boxes, plain.giou),
        contest("diou_loss", _boxes, plain.diou),
        contest("ciou_loss", _boxes, plain.ciou),
        contest("eiou_loss", _boxes, plain.eiou),
        contest("siou_loss", _boxes, plain.siou),
        contest("l1_loss", _boxes, plain.l1),
        contest("smooth_l1_loss", _boxes, plain.smooth_l1),
        contest("bce_with_logits_loss", _logits, plain.bce),
        contest("focal_loss", _logits, plain.focal),
        contest("quality_focal_loss", _qualities, plain.quality_focal),
        contest("varifocal_loss", _qualities, plain.varifocal),
        contest("dice_loss", _masks, plain.dice),
    ]


def _peer(
    name: str, losses: Callable[[], Mapping[str, Loss]]
) -> tuple[str, Mapping[str, Loss | None]]:
    """Return a library's name and version, and its losses by the names of ours."""
    try:
        label = f"{name} {version(name)}"
    except PackageNotFoundError:
        return name, dict.fromkeys(_HAS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import, about parts of their own that are optional
        return label, losses()


def _fvcore() -> Mapping[str, Loss]:
    from fvcore.nn import giou_loss, sigmoid_focal_loss, smooth_l1_loss

    return {
        "giou_loss": giou_loss,
        "smooth_l1_loss": lambda pred, target: smooth_l1_loss(pred, target, beta=1.0).sum(-1),
        "focal_loss": lambda logits, target: sigmoid_focal_loss(logits, target, alpha=0.25),
    }


def _monai() -> Mapping[str, Loss]:
    from monai.data.box_utils import box_pair_giou
    from monai.losses import DiceLoss, FocalLoss

    focal = FocalLoss(gamma=2.0, alpha=0.25, reduction="none")
    dice = DiceLoss(smooth_nr=1.0, smooth_dr=1.0, reduction="none")
    return {
        "giou_loss": lambda pred, target: 1 - box_pair_giou(pred, target),
        # They want a batch and a class axis.
        "focal_loss": lambda logits, target: focal(logits[:, None, None], target[:, None, None]),
        "dice_loss": lambda prob, target: dice(prob[:, None], target[:, None]),
    }


def _kornia() -> Mapping[str, Loss]:
    from kornia.losses import binary_focal_loss_with_logits

    return {
        "focal_loss": lambda logits, target: binary_focal_loss_with_logits(
            logits[:, None], target[:, None], alpha=0.25, gamma=2.0, reduction="none"
        )
    }


def _boxes(n: int, generator: Generator) -> Pair:
    """Return boxes that miss their targets by up to 2 pixels, so that every IoU is above 0.5."""
    corner = torch.rand(n, 2, generator=generator) * 400
    target = torch.cat((corner, corner + 20 + torch.rand(n, 2, generator=generator) * 180), -1)
    return target + torch.rand(n, 4, generator=generator) * 4 - 2, target


def _logits(n: int, generator: Generator) -> Pair:
    labels = (torch.rand(n, generator=generator) < 0.1).float()
    return torch.randn(n, generator=generator) * 3 - 2, labels


def _qualities(n: int, generator: Generator) -> Pair:
    logits, labels = _logits(n, generator)
    return logits, labels * (0.5 + torch.rand(n, generator=generator) / 2)


def _masks(n: int, generator: Generator) -> Pair:
    """Return n pixels in all, in masks of 100."""
    shape = (n // _PIXELS, _PIXELS)
    labels = (torch.rand(shape, generator=generator) < 0.3).float()
    return torch.rand(shape, generator=generator), labels
