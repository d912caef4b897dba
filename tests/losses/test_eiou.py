from inspect import unwrap

import pytest
import torch
from hypothesis import given

from boxgauge.losses import diou_loss, eiou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], 6 / 7 + 2 / 18, id="equal-shapes-leave-distance"),
        pytest.param([0, 0, 2, 2], [0, 0, 1, 2], 0.5 + 0.25 / 8 + 1 / 4, id="half-the-width"),
        pytest.param([0, 0, 4, 2], [0, 0, 4, 1], 0.5 + 0.25 / 20 + 1 / 4, id="half-the-height"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.75 + 1 / 4 + 1 / 4, id="concentric"),
        pytest.param([0, 0, 4, 4], [0, 0, 0, 0], 3.25, id="a-point-in-the-corner"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
    ],
)
def test_worked_values(a: Box, b: Box, expected: float) -> None:
    loss = eiou_loss(torch.tensor([a]).float(), torch.tensor([b]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(box_pairs())
@laws
def test_equal_shapes_leave_diou(pair: Pair) -> None:
    a, b = pair
    corner, place = a.reshape(-1, 2, 2), b.reshape(-1, 2, 2)[:, :1]
    moved = (corner - corner[:, :1] + place).reshape(-1, 4)
    torch.testing.assert_close(eiou_loss(a, moved), diou_loss(a, moved))


@given(box_pairs())
@laws
def test_constant_normalisers_change_the_gradient_alone(pair: Pair) -> None:
    exact = eiou_loss(*pair)
    torch.testing.assert_close(eiou_loss(*pair, normalisers="constant"), exact, atol=0, rtol=0)


def test_constant_normalisers_do_not_reward_a_wider_hull() -> None:
    pred = torch.tensor([[0.0, 0.0, 2.0, 2.0]], requires_grad=True)
    target = torch.tensor([[8.0, 0.0, 10.0, 2.0]])
    exact = gradient(eiou_loss(pred, target), pred)
    constant = gradient(eiou_loss(pred, target, normalisers="constant"), pred)
    # The far side: with the exact gradient, widening the hull pays more than moving the centre.
    assert constant[0, 0] < 0 < exact[0, 0]


def test_unknown_normalisers_are_refused() -> None:
    with pytest.raises(ValueError, match="got 'paper'"):
        # Unwrapped: here the tests' own type checker would refuse it first.
        unwrap(eiou_loss)(torch.zeros(1, 4), torch.zeros(1, 4), normalisers="paper")
