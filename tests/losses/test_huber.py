import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import huber_loss, smooth_l1_loss
from tests.losses.strategies import Pair, box_pairs, laws


@pytest.mark.parametrize(
    ("difference", "delta", "expected"),
    [
        pytest.param([0, 0, 0, 0], 1, 0, id="equal"),
        pytest.param([0.5, 0, 0, 0], 1, 0.125, id="parabola"),
        pytest.param([0, -1, 0, 0], 1, 0.5, id="knee"),
        pytest.param([0, 0, 3, 0], 1, 2.5, id="line"),
        pytest.param([0.5, -1, 3, 0], 1, 3.125, id="sum-of-coordinates"),
        pytest.param([1, 0, 0, 3], 2, 0.5 + 4, id="delta-2"),
        pytest.param([1, 0, 0, -1], 0.5, 2 * 0.5 * 0.75, id="delta-1/2"),
    ],
)
def test_worked_values(difference: list[float], delta: float, expected: float) -> None:
    target = torch.tensor([[10.0, 20.0, 5.0, 5.0]])
    loss = huber_loss(target + torch.tensor([difference]), target, delta=delta)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), delta=st.floats(0.01, 100))
@laws
def test_is_smooth_l1_times_its_threshold(pair: Pair, delta: float) -> None:
    torch.testing.assert_close(
        huber_loss(*pair, delta=delta), delta * smooth_l1_loss(*pair, beta=delta)
    )


@given(pair=box_pairs(), delta=st.floats(0.01, 100))
@laws
def test_agrees_with_pytorch(pair: Pair, delta: float) -> None:
    expected = torch.nn.functional.huber_loss(*pair, reduction="none", delta=delta).sum(-1)
    torch.testing.assert_close(huber_loss(*pair, delta=delta), expected)


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan")])
def test_a_delta_that_is_not_positive_is_refused(delta: float) -> None:
    with pytest.raises(ValueError, match=rf"delta must be in \[1e-6, 1e6\]: got {delta}"):
        huber_loss(torch.zeros(1, 4), torch.zeros(1, 4), delta=delta)
