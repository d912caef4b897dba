import pytest
import torch
from hypothesis import given

from boxgauge.losses import l1_loss, smooth_l1_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        pytest.param([0, 0, 0, 0], 0, id="equal"),
        pytest.param([0.5, -1, 3, 0], 4.5, id="sum-of-coordinates"),
        pytest.param([0, 0, 0, -1e6], 1e6, id="far"),
    ],
)
def test_worked_values(difference: list[float], expected: float) -> None:
    target = torch.tensor([[10.0, 20.0, 5.0, 5.0]])
    loss = l1_loss(target + torch.tensor([difference]), target)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(box_pairs())
@laws
def test_is_smooth_l1_without_a_parabola(pair: Pair) -> None:
    torch.testing.assert_close(l1_loss(*pair), smooth_l1_loss(*pair, beta=0.0), atol=0, rtol=0)


def test_the_gradient_is_the_sign() -> None:
    pred = torch.tensor([[0.5, -1.0, 3.0, 0.0]], requires_grad=True)
    slope = gradient(l1_loss(pred, torch.zeros(1, 4)), pred)
    torch.testing.assert_close(slope, torch.tensor([[1.0, -1.0, 1.0, 0.0]]))
