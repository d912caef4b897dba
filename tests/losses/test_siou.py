from math import exp

import pytest
import torch

from boxgauge.losses import siou_loss
from tests.losses.strategies import gradient

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        # In line: the angle costs nothing, gamma = 2, rho_x = (1 / 3)².
        pytest.param([0, 0, 2, 2], [1, 0, 3, 2], 2 / 3 + (1 - exp(-2 / 9)) / 2, id="in-line"),
        # On the diagonal: the angle costs 1, gamma = 1, both rho are (1 / 3)².
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], 6 / 7 + 1 - exp(-1 / 9), id="diagonal"),
        # dx : dy = 2 : 1, so that sin 2φ = 4 / 5 and gamma = 6 / 5.
        pytest.param(
            [0, 0, 2, 2],
            [4, 2, 6, 4],
            1 + (2 - exp(-1.2 * 4 / 9) - exp(-1.2 * 1 / 4)) / 2,
            id="oblique",
        ),
        pytest.param([0, 0, 4, 4], [1, 0, 3, 4], 0.5 + (1 - exp(-0.5)) ** 4 / 2, id="half-width"),
        pytest.param([0, 0, 4, 4], [0, 1, 4, 3], 0.5 + (1 - exp(-0.5)) ** 4 / 2, id="half-height"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
    ],
)
def test_worked_values(a: Box, b: Box, expected: float) -> None:
    loss = siou_loss(torch.tensor([a]).float(), torch.tensor([b]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


def test_theta_sets_the_power_of_shape() -> None:
    pred, target = torch.tensor([[0.0, 0, 4, 4]]), torch.tensor([[1.0, 0, 3, 4]])
    expected = torch.tensor([0.5 + (1 - exp(-0.5)) ** 2 / 2])
    torch.testing.assert_close(siou_loss(pred, target, theta=2.0), expected)


@pytest.mark.parametrize("shift", [[7.0, 0.0], [0.0, 7.0], [0.0, 0.0]], ids=["x", "y", "none"])
def test_centres_in_line_have_a_finite_gradient(shift: list[float]) -> None:
    target = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    pred = (target + torch.tensor([shift * 2])).requires_grad_()
    slope = gradient(siou_loss(pred, target), pred)
    assert slope.isfinite().all()
    assert slope.abs().max() < 1


def test_the_angle_cost_as_printed_favours_the_diagonal() -> None:
    pred = torch.tensor([[0.0, 0.0, 2.0, 2.0]], requires_grad=True)
    target = torch.tensor([[9.0, 4.0, 11.0, 6.0]])
    left, top, right, bottom = gradient(siou_loss(pred, target), pred)[0]
    assert left + right < 0  # descent moves the centre towards the target along x
    assert top + bottom > 0  # and away from it along y, where it was closer


@pytest.mark.parametrize("theta", [0.5, -1.0, float("nan")])
def test_a_theta_below_1_is_refused(theta: float) -> None:
    with pytest.raises(ValueError, match=rf"theta must be in \[1, 1e6\]: got {theta}"):
        siou_loss(torch.zeros(1, 4), torch.zeros(1, 4), theta=theta)
