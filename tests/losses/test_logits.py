"""The two logarithms under the losses of logits keep their digits, and so do their slopes."""

import math

import pytest
import torch

from boxgauge.losses.logits import surprises


@pytest.mark.parametrize(
    "x", [0.0, -0.0, 1e-8, 0.5, -3.0, 17.0, -20.5, 40.0, -87.0, 104.0, 1e4, -1e4]
)
def test_is_the_logarithm_of_both_probabilities(x: float) -> None:
    rest = math.log1p(math.exp(-abs(x)))
    if_positive, if_negative = surprises(torch.tensor([x], dtype=torch.float64))
    assert if_positive.item() == pytest.approx(max(-x, 0.0) + rest, rel=1e-14)
    assert if_negative.item() == pytest.approx(max(x, 0.0) + rest, rel=1e-14)


def test_the_slopes_are_the_probabilities_at_zero_too() -> None:
    logits = torch.tensor([0.0, 2.0, -2.0, 1e4, -1e4], dtype=torch.float64, requires_grad=True)
    if_positive, if_negative = surprises(logits)
    (down,) = torch.autograd.grad(if_positive.sum(), logits, retain_graph=True)
    (up,) = torch.autograd.grad(if_negative.sum(), logits)
    torch.testing.assert_close(up, logits.sigmoid())
    torch.testing.assert_close(down, -(-logits).sigmoid())


def test_can_be_differentiated_twice() -> None:
    logits = torch.tensor([-3.0, -0.1, 0.0, 0.7, 5.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(surprises, (logits,))
    assert torch.autograd.gradgradcheck(surprises, (logits,))
