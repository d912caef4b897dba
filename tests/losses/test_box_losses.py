"""Laws that every loss of a pair of corner-form boxes keeps."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import ciou_loss, giou_loss, iou_loss
from tests.losses.strategies import (
    Pair,
    box_pairs,
    gradient,
    hostile_box_pairs,
    laws,
)

BoxLoss = Callable[..., Tensor]

every_loss = pytest.mark.parametrize(
    ("loss", "most"),
    [
        pytest.param(iou_loss, 1, id="iou"),
        pytest.param(giou_loss, 2, id="giou"),
        pytest.param(ciou_loss, 3, id="ciou-official"),
        pytest.param(partial(ciou_loss, alpha="yolo"), 3, id="ciou-yolo"),
    ],
)


@every_loss
@given(pair=box_pairs())
@laws
def test_is_bounded_and_symmetric(loss: BoxLoss, most: float, pair: Pair) -> None:
    a, b = pair
    values = loss(a, b)
    assert values.shape == a.shape[:1]
    assert ((values >= -1e-9) & (values <= most)).all()
    torch.testing.assert_close(values, loss(b, a))


@every_loss
@given(pair=box_pairs(torch.float32))
@laws
def test_equal_boxes_cost_nothing(loss: BoxLoss, most: float, pair: Pair) -> None:
    a, _ = pair
    torch.testing.assert_close(loss(a, a), torch.zeros(len(a)), atol=1e-6, rtol=0)


@every_loss
@given(pair=box_pairs(), scale=st.floats(0.1, 100), shift=st.floats(-100, 100))
@laws
def test_neither_scale_nor_place_matters(
    loss: BoxLoss, most: float, pair: Pair, scale: float, shift: float
) -> None:
    a, b = pair
    moved = loss(a * scale + shift, b * scale + shift)
    torch.testing.assert_close(moved, loss(a, b), atol=1e-7, rtol=1e-7)


@every_loss
@given(pair=box_pairs())
@laws
def test_inverted_corners_are_reordered(loss: BoxLoss, most: float, pair: Pair) -> None:
    a, b = pair
    torch.testing.assert_close(loss(a[:, [2, 1, 0, 3]], b[:, [0, 3, 2, 1]]), loss(a, b))


@every_loss
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_stay_finite_and_bounded(loss: BoxLoss, most: float, pair: Pair) -> None:
    a, b = pair
    for target in (b, a):
        pred = a.clone().requires_grad_()
        values = loss(pred, target)
        assert ((values >= -1e-5) & (values <= most + 1e-5)).all()
        assert gradient(values, pred).isfinite().all()


@every_loss
def test_no_pairs_give_no_losses_and_an_empty_gradient(loss: BoxLoss, most: float) -> None:
    pred = torch.zeros(0, 4, requires_grad=True)
    values = loss(pred, torch.zeros(0, 4))
    assert values.shape == (0,)
    assert gradient(values, pred).shape == (0, 4)


@every_loss
def test_half_precision_is_widened_before_areas_overflow(loss: BoxLoss, most: float) -> None:
    pred = torch.tensor([[0.0, 0.0, 400.0, 400.0]], dtype=torch.float16, requires_grad=True)
    target = torch.tensor([[0.0, 0.0, 400.0, 300.0]], dtype=torch.float16)
    values = loss(pred, target)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, loss(pred.float(), target.float()))
    assert gradient(values, pred).isfinite().all()


@every_loss
def test_following_the_gradient_brings_a_box_to_its_target(loss: BoxLoss, most: float) -> None:
    target = torch.tensor([[10.0, 10.0, 30.0, 40.0]])
    pred = torch.tensor([[18.0, 14.0, 44.0, 47.0]], requires_grad=True)
    optimizer = torch.optim.Adam([pred], lr=0.5)
    start = loss(pred, target).item()
    for _ in range(40):
        optimizer.zero_grad()
        loss(pred, target).sum().backward()
        optimizer.step()
    assert loss(pred, target).item() < 0.2 * start
