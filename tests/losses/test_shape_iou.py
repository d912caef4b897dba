from math import exp

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import diou_loss, shape_iou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

Box = list[float]


@pytest.mark.parametrize(
    ("scale", "a", "b", "expected"),
    [
        pytest.param(0, [0, 0, 2, 2], [1, 1, 3, 3], 6 / 7 + 2 / 18, id="scale-0-crossing"),
        pytest.param(
            0, [0, 0, 4, 4], [1, 0, 3, 4], 0.5 + (1 - exp(-0.5)) ** 4 / 2, id="scale-0-half-width"
        ),
        # A target of 3 × 1: its width weighs 3 / 2, its height 1 / 2, each on the other axis.
        pytest.param(1, [1, 0, 4, 1], [0, 0, 3, 1], 0.5 + 0.5 * 1 / 17, id="along-the-long-side"),
        pytest.param(
            1,
            [0, 0.5, 3, 1.5],
            [0, 0, 3, 1],
            2 / 3 + 1.5 * 0.25 / 11.25,
            id="along-the-short-side",
        ),
        # A target of 2 × 4: the width's difference weighs 4 / 3.
        pytest.param(
            1, [0, 0, 4, 4], [1, 0, 3, 4], 0.5 + (1 - exp(-2 / 3)) ** 4 / 2, id="wrong-width"
        ),
        pytest.param(
            1, [0, 0, 2, 8], [0, 2, 2, 6], 0.5 + (1 - exp(-1 / 3)) ** 4 / 2, id="wrong-height"
        ),
        pytest.param(1, [5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
    ],
)
def test_worked_values(scale: float, a: Box, b: Box, expected: float) -> None:
    loss = shape_iou_loss(torch.tensor([a]).float(), torch.tensor([b]).float(), scale=scale)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), scale=st.floats(-3, 3))
@laws
def test_square_targets_make_the_scale_idle(pair: Pair, scale: float) -> None:
    pred, box = pair
    side = box[:, 2:3] - box[:, :1]
    target = torch.cat((box[:, :2], box[:, :2] + side), dim=-1)
    loss = shape_iou_loss(pred, target, scale=scale)
    torch.testing.assert_close(loss, shape_iou_loss(pred, target))


@given(box_pairs())
@laws
def test_scale_0_is_at_least_diou(pair: Pair) -> None:
    assert (shape_iou_loss(*pair) >= diou_loss(*pair) - 1e-9).all()


@pytest.mark.parametrize("scale", [-100.0, -3.0, 3.0, 100.0])
@given(pair=hostile_box_pairs())
@laws
def test_no_scale_overflows(scale: float, pair: Pair) -> None:
    pred, target = pair[0].requires_grad_(), pair[1].requires_grad_()
    loss = shape_iou_loss(pred, target, scale=scale)
    assert ((loss >= -1e-5) & (loss <= 3.28)).all()
    assert gradient(loss, pred).isfinite().all()
    assert gradient(shape_iou_loss(pred, target, scale=scale), target).isfinite().all()


@pytest.mark.parametrize("scale", [float("inf"), float("nan")])
def test_a_scale_that_is_not_finite_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match=f"got {scale}"):
        shape_iou_loss(torch.zeros(1, 4), torch.zeros(1, 4), scale=scale)
