"""The gradients of the losses of paired boxes, against finite differences in float64.

Of this code itself where the gradient is the derivative; of the scalar reference, with the
constant held, where the gradient takes a part of the loss as one.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
import torch
from torch import Tensor

from boxgauge.losses import (
    alpha_iou_loss,
    balanced_l1_loss,
    ciou_loss,
    diou_loss,
    eiou_loss,
    focal_eiou_loss,
    huber_loss,
    inner_iou_loss,
    l1_loss,
    mpdiou_loss,
    nwd_loss,
    shape_iou_loss,
    siou_loss,
    to_corners,
    wise_iou_loss,
    wise_iou_v2_loss,
    wise_iou_v3_loss,
)
from tests.losses.strategies import gradient
from tests.reference import boxes_further as reference
from tests.reference.boxes import iou_loss as reference_iou_loss

Loss = Callable[[Tensor, Tensor], Tensor]
Box = Sequence[float]
Frozen = Callable[[Box, Box], Callable[[Box], float]]


def general_boxes(seed: int) -> Tensor:
    """Return rows in general position: crossing, apart and inverted, never on a kink."""
    rng = torch.Generator().manual_seed(seed)
    return 40 * torch.rand(12, 4, generator=rng, dtype=torch.float64) - 20


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(diou_loss, id="diou"),
        pytest.param(partial(ciou_loss, alpha="differentiated"), id="ciou-differentiated"),
        pytest.param(eiou_loss, id="eiou"),
        pytest.param(
            partial(focal_eiou_loss, weight="differentiated"), id="focal-eiou-differentiated"
        ),
        pytest.param(
            partial(focal_eiou_loss, weight="differentiated", gamma=2.0), id="focal-eiou-gamma-2"
        ),
        pytest.param(siou_loss, id="siou"),
        pytest.param(partial(siou_loss, theta=2.5), id="siou-theta-2.5"),
        pytest.param(alpha_iou_loss, id="alpha-iou"),
        pytest.param(partial(alpha_iou_loss, alpha=0.5), id="alpha-iou-root"),
        pytest.param(partial(alpha_iou_loss, form="giou"), id="alpha-giou"),
        pytest.param(partial(alpha_iou_loss, form="giou", alpha=0.5), id="alpha-giou-root"),
        pytest.param(partial(alpha_iou_loss, form="diou"), id="alpha-diou"),
        pytest.param(
            lambda a, b: mpdiou_loss(a, b, torch.full((12, 2), 50.0).double()), id="mpdiou"
        ),
        pytest.param(inner_iou_loss, id="inner-iou"),
        pytest.param(partial(inner_iou_loss, ratio=1.3), id="inner-iou-outer"),
        pytest.param(shape_iou_loss, id="shape-iou"),
        pytest.param(partial(shape_iou_loss, scale=1.5), id="shape-iou-scale-1.5"),
        pytest.param(nwd_loss, id="nwd"),
        pytest.param(l1_loss, id="l1"),
        pytest.param(huber_loss, id="huber"),
        pytest.param(partial(huber_loss, delta=15.0), id="huber-parabola"),
        pytest.param(balanced_l1_loss, id="balanced-l1"),
        pytest.param(partial(balanced_l1_loss, beta=15.0), id="balanced-l1-beta-15"),
        pytest.param(
            partial(balanced_l1_loss, beta=15.0, form="mmdetection"), id="balanced-l1-mmdetection"
        ),
        pytest.param(lambda a, b: diou_loss(to_corners(a, "cxcywh"), b), id="cxcywh-diou"),
    ],
)
def test_is_the_derivative(loss: Loss) -> None:
    pred = general_boxes(seed=0).requires_grad_()
    assert torch.autograd.gradcheck(loss, (pred, general_boxes(seed=1)))


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(partial(shape_iou_loss, scale=1.5), id="shape-iou"),
        pytest.param(siou_loss, id="siou"),
        pytest.param(nwd_loss, id="nwd"),
    ],
)
def test_is_the_derivative_by_the_target_too(loss: Loss) -> None:
    target = general_boxes(seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, (general_boxes(seed=0), target))


def _eiou(a: Box, b: Box) -> Callable[[Box], float]:
    return partial(reference.eiou_loss, b=b, normalisers=reference.eiou_normalisers(a, b))


def _focal_eiou(a: Box, b: Box) -> Callable[[Box], float]:
    return partial(reference.focal_eiou_loss, b=b, weight=reference.focal_eiou_weight(a, b, 0.5))


def _alpha_ciou(a: Box, b: Box) -> Callable[[Box], float]:
    trade_off = reference.alpha_trade_off(a, b)
    return partial(reference.alpha_iou_loss, b=b, alpha=3.0, form="ciou", trade_off=trade_off)


def _wise(gain: Callable[[float], float]) -> Frozen:
    def frozen(a: Box, b: Box) -> Callable[[Box], float]:
        # The running mean, of which this batch of one pair has a tenth, is constant too.
        iou_loss = reference_iou_loss(a, b)
        mean = reference.wise_running_mean(0.4, [iou_loss], 0.1)
        return partial(
            reference.wise_iou_loss,
            b=b,
            diagonal=reference.squared_diagonal(a, b),
            gain=gain(iou_loss / mean),
        )

    return frozen


def _first_output(loss: Callable[..., tuple[Tensor, Tensor]]) -> Loss:
    def of_pairs(pred: Tensor, target: Tensor) -> Tensor:
        return loss(pred, target, torch.tensor([0.4], dtype=torch.float64), momentum=0.1)[0]

    return of_pairs


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param((3.1, 2.2, 17.5, 20.9), (5.3, 1.7, 18.2, 13.4), id="crossing"),
        pytest.param((3.1, 2.2, 17.5, 20.9), (30.3, 41.7, 55.2, 50.4), id="apart"),
        pytest.param((3.1, 2.2, 17.5, 20.9), (3.3, 2.0, 17.9, 20.4), id="close"),
    ],
)
@pytest.mark.parametrize(
    ("loss", "frozen"),
    [
        pytest.param(partial(eiou_loss, normalisers="constant"), _eiou, id="eiou"),
        pytest.param(focal_eiou_loss, _focal_eiou, id="focal-eiou"),
        pytest.param(partial(alpha_iou_loss, form="ciou"), _alpha_ciou, id="alpha-ciou"),
        pytest.param(wise_iou_loss, _wise(lambda degree: 1.0), id="wise-v1"),
        pytest.param(
            _first_output(wise_iou_v2_loss),
            _wise(partial(reference.wise_v2_gain, gamma=0.5)),
            id="wise-v2",
        ),
        pytest.param(
            _first_output(wise_iou_v3_loss),
            _wise(partial(reference.wise_v3_gain, alpha=1.9, delta=3.0)),
            id="wise-v3",
        ),
    ],
)
def test_holds_the_paper_s_constant(loss: Loss, frozen: Frozen, a: Box, b: Box) -> None:
    value = frozen(a, b)
    step = 1e-5
    expected = []
    for side in range(4):
        ahead, behind = list(a), list(a)
        ahead[side] += step
        behind[side] -= step
        expected.append((value(ahead) - value(behind)) / (2 * step))

    pred = torch.tensor([list(a)], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([list(b)], dtype=torch.float64)
    actual = gradient(loss(pred, target), pred)
    torch.testing.assert_close(actual[0].tolist(), expected, atol=1e-8, rtol=1e-5)
