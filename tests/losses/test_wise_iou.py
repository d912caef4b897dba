from collections.abc import Callable
from functools import partial
from math import exp, log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import WiseIoU, wise_iou_loss, wise_iou_v2_loss, wise_iou_v3_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

PRED, TARGET = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[1.0, 1, 3, 3]])
IOU_LOSS = 6 / 7
V1 = exp(2 / 18) * IOU_LOSS

Stateful = Callable[..., WiseIoU]
both = pytest.mark.parametrize("loss", [wise_iou_v2_loss, wise_iou_v3_loss], ids=["v2", "v3"])


def _mean(value: float, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.full((1,), value, dtype=dtype)


def test_worked_value_of_version_1() -> None:
    torch.testing.assert_close(wise_iou_loss(PRED, TARGET), torch.tensor([V1]))


@pytest.mark.parametrize(
    ("mean", "gamma", "expected"),
    [
        pytest.param(IOU_LOSS, 0.5, V1, id="an-ordinary-pair"),
        pytest.param(IOU_LOSS / 4, 0.5, 2 * V1, id="four-times-worse-than-most"),
        pytest.param(IOU_LOSS / 4, 2.0, 16 * V1, id="gamma-2"),
    ],
)
def test_worked_values_of_version_2(mean: float, gamma: float, expected: float) -> None:
    loss, _ = wise_iou_v2_loss(PRED, TARGET, _mean(mean), gamma=gamma, momentum=0.0)
    torch.testing.assert_close(loss, torch.tensor([expected]))


@pytest.mark.parametrize(
    ("degree", "expected"),
    [
        pytest.param(3, V1, id="gain-1-at-delta"),
        pytest.param(1, V1 * 1.9**2 / 3, id="an-ordinary-pair"),
        pytest.param(5, V1 * 5 / (3 * 1.9**2), id="an-outlier"),
    ],
)
def test_worked_values_of_version_3(degree: float, expected: float) -> None:
    loss, _ = wise_iou_v3_loss(PRED, TARGET, _mean(IOU_LOSS / degree), momentum=0.0)
    torch.testing.assert_close(loss, torch.tensor([expected]))


def test_the_gain_of_version_3_is_greatest_at_one_over_ln_alpha() -> None:
    best = 1 / log(1.9)
    at_best, before, after = (
        wise_iou_v3_loss(PRED, TARGET, _mean(IOU_LOSS / degree), momentum=0.0).loss
        for degree in (best, 0.9 * best, 1.1 * best)
    )
    assert at_best > before
    assert at_best > after


@given(box_pairs())
@laws
def test_version_2_with_gamma_0_is_version_1_with_its_gradient(pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    version_1 = wise_iou_loss(pred, pair[1])
    version_2 = wise_iou_v2_loss(pred, pair[1], _mean(0.3), gamma=0.0).loss
    torch.testing.assert_close(version_2, version_1, check_dtype=False)
    torch.testing.assert_close(gradient(version_2, pred), gradient(version_1, pred))


@both
def test_the_mean_moves_towards_the_batch_and_is_used_at_once(loss: Stateful) -> None:
    moved = loss(PRED, TARGET, _mean(1.0), momentum=0.25)
    expected = 0.75 + 0.25 * IOU_LOSS
    torch.testing.assert_close(moved.next_mean_iou_loss, _mean(expected))
    settled = loss(PRED, TARGET, _mean(expected), momentum=0.0)
    torch.testing.assert_close(moved.loss, settled.loss)
    torch.testing.assert_close(settled.next_mean_iou_loss, _mean(expected))


@both
def test_the_mean_is_that_of_all_pairs(loss: Stateful) -> None:
    pred = torch.cat((PRED, TARGET, TARGET))
    target = torch.cat((TARGET, TARGET, TARGET + 10))
    after = loss(pred, target, _mean(0.5), momentum=1.0).next_mean_iou_loss
    torch.testing.assert_close(after, _mean((IOU_LOSS + 0 + 1) / 3))


@both
@given(mean=st.floats(0, 1, width=32))
@laws
def test_an_empty_batch_leaves_the_mean_as_it_is(loss: Stateful, mean: float) -> None:
    empty = torch.zeros(0, 4)
    values, after = loss(empty, empty, _mean(mean), momentum=0.9)
    assert values.shape == (0,)
    torch.testing.assert_close(after, _mean(mean), atol=0, rtol=0)


@both
@pytest.mark.parametrize("momentum", [0.0, 0.01, 1.0])
@given(pair=hostile_box_pairs(), mean=st.sampled_from([0.0, 1e-30, 0.3, 1.0]))
@laws
def test_hostile_boxes_and_means_stay_finite(
    loss: Stateful, momentum: float, pair: Pair, mean: float
) -> None:
    pred = pair[0].requires_grad_()
    values, after = loss(pred, pair[1], _mean(mean), momentum=momentum)
    assert values.isfinite().all()
    assert ((after >= -1e-6) & (after <= 1 + 1e-6)).all()
    assert gradient(values, pred).isfinite().all()


@pytest.mark.parametrize(
    "loss",
    [
        pytest.param(partial(wise_iou_v2_loss, gamma=3.0), id="v2-gamma-3"),
        pytest.param(partial(wise_iou_v3_loss, alpha=20.0, delta=10.0), id="v3-steep"),
    ],
)
@given(pair=hostile_box_pairs(), mean=st.sampled_from([0.0, 1e-30, 0.3]))
@laws
def test_extreme_options_stay_finite(loss: Stateful, pair: Pair, mean: float) -> None:
    pred = pair[0].requires_grad_()
    values, _ = loss(pred, pair[1], _mean(mean), momentum=0.0)
    assert values.isfinite().all()
    assert gradient(values, pred).isfinite().all()


@both
def test_no_gradient_reaches_the_state(loss: Stateful) -> None:
    mean = _mean(0.5).requires_grad_()
    pred = PRED.clone().requires_grad_()
    values, after = loss(pred, TARGET, mean)
    assert values.requires_grad
    assert not after.requires_grad
    assert torch.autograd.grad(values.sum(), mean, allow_unused=True) == (None,)


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_half_precision_mean_is_widened(loss: Stateful, dtype: torch.dtype) -> None:
    values, after = loss(PRED.to(dtype), TARGET.to(dtype), _mean(0.5, dtype))
    assert values.dtype == after.dtype == torch.float32
    assert after != 0.5  # a hundredth of the way would be lost in bfloat16


@both
@pytest.mark.parametrize("momentum", [-0.1, 1.5, float("nan")])
def test_a_momentum_out_of_range_is_refused(loss: Stateful, momentum: float) -> None:
    with pytest.raises(ValueError, match=f"got {momentum}"):
        loss(PRED, TARGET, _mean(1.0), momentum=momentum)


def test_bad_exponents_are_refused() -> None:
    for gamma in (-1.0, 3.5):
        with pytest.raises(ValueError, match=rf"gamma .* got {gamma}"):
            wise_iou_v2_loss(PRED, TARGET, _mean(1.0), gamma=gamma)
    with pytest.raises(ValueError, match=r"alpha .* got 0\.9"):
        wise_iou_v3_loss(PRED, TARGET, _mean(1.0), alpha=0.9)
    with pytest.raises(ValueError, match=r"delta .* got 0\.0"):
        wise_iou_v3_loss(PRED, TARGET, _mean(1.0), delta=0.0)
    with pytest.raises(ValueError, match=r"exp\(30\): got 20\.0 and 30\.0"):
        wise_iou_v3_loss(PRED, TARGET, _mean(1.0), alpha=20.0, delta=30.0)
