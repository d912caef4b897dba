"""Laws that every loss of the four numbers of a box keeps."""

from functools import partial

import pytest
import torch
from hypothesis import given

from boxgauge.losses import balanced_l1_loss, huber_loss, l1_loss, smooth_l1_loss
from tests.losses.box_cases import BoxLoss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

every_loss = pytest.mark.parametrize(
    ("loss", "steepest"),
    [
        pytest.param(l1_loss, 1, id="l1"),
        pytest.param(smooth_l1_loss, 1, id="smooth-l1"),
        pytest.param(huber_loss, 1, id="huber"),
        pytest.param(partial(huber_loss, delta=1e6), 1e6, id="huber-delta-1e6"),
        pytest.param(partial(huber_loss, delta=1e-6), 1e-6, id="huber-delta-1e-6"),
        pytest.param(balanced_l1_loss, 1.5, id="balanced-l1"),
        pytest.param(partial(balanced_l1_loss, beta=1e6), 1.5, id="balanced-l1-beta-1e6"),
        pytest.param(partial(balanced_l1_loss, beta=1e-6), 1.5, id="balanced-l1-beta-1e-6"),
        pytest.param(
            partial(balanced_l1_loss, alpha=0.01, gamma=0.8), 0.8, id="balanced-l1-steepest"
        ),
    ],
)


@every_loss
@given(pair=box_pairs())
@laws
def test_is_symmetric_and_at_least_0(loss: BoxLoss, steepest: float, pair: Pair) -> None:
    a, b = pair
    values = loss(a, b)
    assert values.shape == a.shape[:1]
    assert (values >= -1e-9).all()
    torch.testing.assert_close(values, loss(b, a))


@every_loss
@given(pair=box_pairs())
@laws
def test_is_below_its_steepest_slope_times_l1(loss: BoxLoss, steepest: float, pair: Pair) -> None:
    a, b = pair
    assert (loss(a, b) <= steepest * l1_loss(a, b) * (1 + 1e-6) + 1e-9).all()


@every_loss
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_stay_finite_and_slopes_bounded(
    loss: BoxLoss, steepest: float, pair: Pair
) -> None:
    pred = pair[0].requires_grad_()
    values = loss(pred, pair[1])
    assert values.isfinite().all()
    assert (gradient(values, pred).abs() <= steepest * (1 + 1e-5)).all()


@every_loss
def test_equal_boxes_cost_nothing_and_have_no_slope(loss: BoxLoss, steepest: float) -> None:
    target = torch.tensor([[5.0, 5.0, 2.0, 2.0]])
    pred = target.clone().requires_grad_()
    values = loss(pred, target)
    torch.testing.assert_close(values, torch.zeros(1))
    slope = gradient(values, pred)
    torch.testing.assert_close(slope, torch.zeros(1, 4), atol=1e-7 * steepest, rtol=0)


@every_loss
def test_no_pairs_give_no_losses(loss: BoxLoss, steepest: float) -> None:
    pred = torch.zeros(0, 4, requires_grad=True)
    values = loss(pred, torch.zeros(0, 4))
    assert values.shape == (0,)
    assert gradient(values, pred).shape == (0, 4)


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision_is_widened(loss: BoxLoss, steepest: float, dtype: torch.dtype) -> None:
    pred = torch.tensor([[60000.0, -60000, 0, 300]], dtype=dtype, requires_grad=True)
    target = torch.tensor([[-60000.0, 60000, 0, 299]], dtype=dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = loss(pred, target)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, loss(pred.float(), target.float()))
