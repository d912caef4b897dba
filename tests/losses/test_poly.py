import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import cross_entropy_loss, poly_loss
from tests.losses.strategies import Rows, class_rows, gradient, laws, rows_of
from tests.reference import classification as reference

ROW = [2.0, 1.0, -1.0]


@pytest.mark.parametrize(
    ("row", "label", "epsilon", "expected"),
    [
        pytest.param(ROW, 0, 1, 0.64362770406994522709, id="right"),
        pytest.param(ROW, 2, 1, 4.3138931898088466612, id="wrong"),
        pytest.param(ROW, 1, 2, 2.8300192960833481505, id="paper-s-epsilon-for-imagenet"),
        pytest.param(ROW, 2, -1, 2.3841312437275261096, id="leading-term-taken-away"),
        pytest.param([1e4, -1e4], 1, 1, 2e4 + 1, id="wrong-past-exp-of-float"),
        pytest.param(ROW, 3, 1, 0, id="no-such-class"),
    ],
)
def test_worked_values(row: list[float], label: int, epsilon: float, expected: float) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    loss = poly_loss(logits, torch.tensor([label]), epsilon=epsilon)
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(rows=class_rows(stray=True), epsilon=st.floats(-1, 5))
@laws
def test_agrees_with_the_scalar_reference(rows: Rows, epsilon: float) -> None:
    expected = [reference.poly_loss(x, y, epsilon) for x, y in rows_of(*rows)]
    actual = poly_loss(*rows, epsilon=epsilon)
    assert actual.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(rows=class_rows(1e4, stray=True))
@laws
def test_without_epsilon_is_cross_entropy(rows: Rows) -> None:
    torch.testing.assert_close(poly_loss(*rows, epsilon=0), cross_entropy_loss(*rows))


@pytest.mark.parametrize("epsilon", [-1.0, 0.0, 2.0])
def test_is_the_series_with_its_first_coefficient_changed(epsilon: float) -> None:
    logits = torch.tensor([ROW], dtype=torch.float64)
    for label in range(3):
        miss = 1 - logits.softmax(-1)[0, label].item()
        series = (1 + epsilon) * miss + sum(miss**j / j for j in range(2, 1000))
        loss = poly_loss(logits, torch.tensor([label]), epsilon=epsilon)
        assert loss.item() == pytest.approx(series, rel=1e-12)


def test_the_gradient_is_that_of_cross_entropy_times_one_plus_epsilon_p() -> None:
    logits = torch.tensor([ROW], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([1])
    p = logits.detach().softmax(-1)[0, 1]
    plain = gradient(cross_entropy_loss(logits, target), logits)
    poly = gradient(poly_loss(logits, target, epsilon=3), logits)
    torch.testing.assert_close(poly, plain * (1 + 3 * p))


def test_a_bad_epsilon_is_refused() -> None:
    with pytest.raises(ValueError, match=r"epsilon must be in \[-1, 1e6\]: got -1\.5"):
        poly_loss(torch.zeros(1, 2), torch.tensor([0]), epsilon=-1.5)
