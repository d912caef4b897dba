from math import exp

import pytest
import torch

from boxgauge.losses import nwd_loss
from tests.losses.strategies import gradient

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "constant", "expected"),
    [
        pytest.param([0, 0, 2, 2], [3, 4, 5, 6], 12.8, 1 - exp(-5 / 12.8), id="offset-3-4-5"),
        pytest.param([0, 0, 2, 2], [3, 4, 5, 6], 5, 1 - exp(-1), id="offset-of-the-constant"),
        pytest.param([-3, -4, 3, 4], [-6, -8, 6, 8], 5, 1 - exp(-1), id="sizes-off-by-6-and-8"),
        pytest.param([0, 0, 2, 2], [9, 0, 11, 2], 3, 1 - exp(-3), id="apart"),
        pytest.param([1, 1, 1, 1], [4, 5, 4, 5], 5, 1 - exp(-1), id="two-points-apart"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 12.8, 0, id="two-equal-points"),
        pytest.param([0, 0, 1, 1], [1e6, 1e6, 1e6, 1e6], 12.8, 1, id="as-far-as-can-be"),
    ],
)
def test_worked_values(a: Box, b: Box, constant: float, expected: float) -> None:
    loss = nwd_loss(torch.tensor([a]).float(), torch.tensor([b]).float(), constant=constant)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_equal_boxes_have_no_slope(dtype: torch.dtype) -> None:
    target = torch.tensor([[0.0, 0.0, 2.0, 3.0], [4.0, 4.0, 4.0, 4.0]], dtype=dtype)
    pred = target.clone().requires_grad_()
    loss = nwd_loss(pred, target)
    torch.testing.assert_close(loss, torch.zeros_like(loss), atol=0, rtol=0)
    slope = gradient(loss, pred)
    torch.testing.assert_close(slope, torch.zeros_like(slope), atol=0, rtol=0)


@pytest.mark.parametrize("offset", [1e-2, 1e-3, 4e-4, 3e-4, 1e-4, 1e-6, 1e-9])
def test_the_slope_is_bounded_near_equal_boxes(offset: float) -> None:
    target = torch.tensor([[0.0, 0.0, 2.0, 3.0]], dtype=torch.float64)
    pred = (target + torch.tensor([offset, 0, offset, 0])).requires_grad_()
    along_x = gradient(nwd_loss(pred, target), pred)[0, [0, 2]].sum()
    # The slope of the distance is 1, and at most 2 where a parabola stands in for it.
    assert 0 < along_x <= 2 / 12.8


def test_the_floor_joins_the_root() -> None:
    target = torch.zeros(1, 4, dtype=torch.float64)
    steps = (1e-4 * (1 + sign * 1e-9) for sign in (-1, 1))
    below, above = (nwd_loss(target + step, target, eps=1e-8, constant=1e-4) for step in steps)
    torch.testing.assert_close(below, above, atol=1e-8, rtol=0)


@pytest.mark.parametrize("constant", [0.0, -12.8, float("nan")])
def test_a_constant_that_is_not_positive_is_refused(constant: float) -> None:
    with pytest.raises(ValueError, match=rf"constant must be in \[1e-6, 1e6\]: got {constant}"):
        nwd_loss(torch.zeros(1, 4), torch.zeros(1, 4), constant=constant)
