import pytest
import torch

from boxgauge.losses.powers import power
from tests.losses.strategies import gradient


@pytest.mark.parametrize("exponent", [0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_is_the_power_above_eps(exponent: float) -> None:
    base = torch.tensor([1e-7, 1e-3, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
    raised, wanted = power(base, exponent, eps=1e-7), base**exponent
    torch.testing.assert_close(raised, wanted)
    torch.testing.assert_close(gradient(raised, base), gradient(wanted, base))


@pytest.mark.parametrize("exponent", [0.01, 0.5, 0.99])
def test_is_a_straight_line_below_eps(exponent: float) -> None:
    base = torch.tensor([0.0, 2.5e-8, 5e-8], dtype=torch.float64, requires_grad=True)
    raised = power(base, exponent, eps=1e-7)
    torch.testing.assert_close(raised, base.detach() * 1e-7 ** (exponent - 1))
    slope = gradient(raised, base)
    torch.testing.assert_close(slope, torch.full_like(slope, 1e-7 ** (exponent - 1)))


@pytest.mark.parametrize(("exponent", "at_0", "slope"), [(0.0, 1, 0), (1.0, 0, 1), (2.0, 0, 0)])
def test_whole_powers_are_exact_at_0(exponent: float, at_0: float, slope: float) -> None:
    base = torch.zeros(1, requires_grad=True)
    raised = power(base, exponent, eps=1e-7)
    torch.testing.assert_close(raised, torch.tensor([float(at_0)]))
    (found,) = torch.autograd.grad(raised.sum(), base, materialize_grads=True)
    torch.testing.assert_close(found, torch.tensor([float(slope)]))
