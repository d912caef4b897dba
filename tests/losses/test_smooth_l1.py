import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import smooth_l1_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws, rows_of
from tests.reference import boxes as reference


@pytest.mark.parametrize(
    ("difference", "beta", "expected"),
    [
        pytest.param([0, 0, 0, 0], 1, 0, id="equal"),
        pytest.param([0.5, 0, 0, 0], 1, 0.125, id="parabola"),
        pytest.param([0, -1, 0, 0], 1, 0.5, id="knee"),
        pytest.param([0, 0, 3, 0], 1, 2.5, id="line"),
        pytest.param([0.5, -1, 3, 0], 1, 3.125, id="sum-of-coordinates"),
        pytest.param([1, 0, 0, 0], 2, 0.25, id="beta-2-parabola"),
        pytest.param([1, 0, 0, -1], 1 / 9, 2 * (1 - 1 / 18), id="beta-1/9"),
        pytest.param([0.5, -1, 3, 0], 0, 4.5, id="beta-0-is-l1"),
    ],
)
def test_worked_values(difference: list[float], beta: float, expected: float) -> None:
    target = torch.tensor([[10.0, 20.0, 5.0, 5.0]])
    loss = smooth_l1_loss(target + torch.tensor([difference]), target, beta=beta)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), beta=st.floats(0.01, 100))
@laws
def test_agrees_with_the_scalar_reference(pair: Pair, beta: float) -> None:
    expected = [reference.smooth_l1_loss(a, b, beta) for a, b in rows_of(*pair)]
    torch.testing.assert_close(smooth_l1_loss(*pair, beta=beta).tolist(), expected)


@given(pair=box_pairs(), beta=st.just(0.0) | st.floats(1e-6, 10))
@laws
def test_is_symmetric_and_below_l1(pair: Pair, beta: float) -> None:
    a, b = pair
    loss = smooth_l1_loss(a, b, beta=beta)
    torch.testing.assert_close(loss, smooth_l1_loss(b, a, beta=beta))
    assert ((loss >= 0) & (loss <= (a - b).abs().sum(-1) + 1e-9)).all()


@pytest.mark.parametrize("beta", [0.0, 1e-6, 1.0, 1e6])
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_stay_finite_and_slopes_within_one(beta: float, pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    loss = smooth_l1_loss(pred, pair[1], beta=beta)
    assert loss.isfinite().all()
    assert (gradient(loss, pred).abs() <= 1 + 1e-6).all()


def test_no_pairs_give_no_losses() -> None:
    assert smooth_l1_loss(torch.zeros(0, 4), torch.zeros(0, 4)).shape == (0,)


def test_a_negative_beta_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got -0\.5"):
        smooth_l1_loss(torch.zeros(1, 4), torch.zeros(1, 4), beta=-0.5)
