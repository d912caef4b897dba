"""Every loss of a pair of corner-form boxes, with its options, and the laws it keeps."""

import math
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from boxgauge.losses import (
    alpha_iou_loss,
    ciou_loss,
    diou_loss,
    eiou_loss,
    focal_eiou_loss,
    giou_loss,
    inner_iou_loss,
    iou_loss,
    mpdiou_loss,
    nwd_loss,
    shape_iou_loss,
    siou_loss,
    wise_iou_loss,
    wise_iou_v2_loss,
    wise_iou_v3_loss,
)

BoxLoss = Callable[..., Tensor]


class Case(NamedTuple):
    """A loss with its options set, callable as ``case(pred, target)``.

    Attributes:
        most: Its greatest value.
        symmetric: Whether the boxes of a pair may change places.
        scale_free: Whether a common factor of all coordinates changes nothing.
        attracts: Whether boxes apart are drawn together.
    """

    loss: BoxLoss
    most: float
    symmetric: bool = True
    scale_free: bool = True
    attracts: bool = True

    def __call__(self, pred: Tensor, target: Tensor) -> Tensor:
        return self.loss(pred, target)


def _in_an_image(pred: Tensor, target: Tensor) -> Tensor:
    return mpdiou_loss(pred, target, torch.full((len(pred), 2), 100.0))


def _with_mean(loss: Callable[..., tuple[Tensor, Tensor]]) -> BoxLoss:
    def of_pairs(pred: Tensor, target: Tensor) -> Tensor:
        return loss(pred, target, torch.full((1,), 0.5), momentum=0.0)[0]

    return of_pairs


def _with(loss: BoxLoss, **options: float | str) -> BoxLoss:
    return lambda pred, target: loss(pred, target, **options)


# Powers of at most 1 of the terms of a loss add up to no more than 1 each.
CASES = {
    "iou": Case(iou_loss, 1, attracts=False),
    "giou": Case(giou_loss, 2),
    "diou": Case(diou_loss, 2),
    "ciou-official": Case(ciou_loss, 2),
    "ciou-yolo": Case(_with(ciou_loss, alpha="yolo"), 2.5),
    "ciou-differentiated": Case(_with(ciou_loss, alpha="differentiated"), 2.5),
    "eiou": Case(eiou_loss, 3.25),
    "eiou-constant": Case(_with(eiou_loss, normalisers="constant"), 3.25),
    "focal-eiou": Case(focal_eiou_loss, 3.25, attracts=False),
    "focal-eiou-differentiated": Case(
        _with(focal_eiou_loss, weight="differentiated"), 3.25, attracts=False
    ),
    "siou": Case(siou_loss, 2.0244),
    "siou-theta-1": Case(_with(siou_loss, theta=1.0), 2.5),
    "alpha-iou": Case(alpha_iou_loss, 1, attracts=False),
    "alpha-giou": Case(_with(alpha_iou_loss, form="giou"), 2),
    "alpha-diou": Case(_with(alpha_iou_loss, form="diou"), 2),
    "alpha-ciou": Case(_with(alpha_iou_loss, form="ciou"), 3),
    "alpha-ciou-of-roots": Case(_with(alpha_iou_loss, form="ciou", alpha=0.5), 3),
    "wise-iou-v1": Case(wise_iou_loss, math.e),
    "wise-iou-v2": Case(_with_mean(wise_iou_v2_loss), math.e * 2**0.5),
    # The gain is greatest where the outlier degree is 1 / ln(alpha).
    "wise-iou-v3": Case(
        _with_mean(wise_iou_v3_loss), math.e * 1.9**3 / (3 * math.e * math.log(1.9))
    ),
    "mpdiou": Case(_in_an_image, math.inf, scale_free=False),
    "inner-iou": Case(inner_iou_loss, 1, attracts=False),
    "inner-iou-outer": Case(_with(inner_iou_loss, ratio=1.5), 1, attracts=False),
    "shape-iou": Case(shape_iou_loss, 2.16),
    "shape-iou-scale-2": Case(_with(shape_iou_loss, scale=2.0), 3.28, symmetric=False),
    "nwd": Case(nwd_loss, 1, scale_free=False),
}


def cases(*, where: Callable[[Case], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Return a mark that runs a test with each ``case`` that keeps a law."""
    kept = [pytest.param(case, id=name) for name, case in CASES.items() if where(case)]
    return pytest.mark.parametrize("case", kept)
