import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import cross_entropy_loss, distribution_focal_loss
from tests.losses.strategies import Rows, class_rows, gradient, laws
from tests.reference import classification as reference

ROW = [0.5, -1.0, 2.0, 0.25]


@pytest.mark.parametrize(
    ("row", "position", "expected"),
    [
        pytest.param([0.0] * 16, 7.3, math.log(16), id="undecided-is-ln-b"),
        pytest.param(ROW, 1.25, 2.6192789984482534296, id="a-quarter-past-a-bin"),
        pytest.param(ROW, 0, 1.8692789984482534296, id="the-first-bin"),
        pytest.param(ROW, -4, 1.8692789984482534296, id="before-the-first-bin"),
        pytest.param(ROW, 3, 2.1192789984482534296, id="the-last-bin"),
        pytest.param(ROW, 1e6, 2.1192789984482534296, id="past-the-last-bin"),
        pytest.param([9.0], 0.7, 0, id="a-single-bin"),
        pytest.param([0.0, 1e4, 1e4, 0.0], 1.5, math.log(2), id="at-best-the-entropy"),
        pytest.param([1e4, -1e4], 1, 2e4, id="wrong-past-exp-of-float"),
    ],
)
def test_worked_values(row: list[float], position: float, expected: float) -> None:
    logits = torch.tensor([row], dtype=torch.float64)
    loss = distribution_focal_loss(logits, torch.tensor([position], dtype=torch.float64))
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(rows=class_rows(), position=st.floats(-2, 7))
@laws
def test_agrees_with_the_scalar_reference(rows: Rows, position: float) -> None:
    logits, _ = rows
    positions = torch.full((len(logits),), position, dtype=torch.float64)
    expected = [reference.distribution_focal_loss(row, position) for row in logits.tolist()]
    actual = distribution_focal_loss(logits, positions).tolist()
    assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(rows=class_rows(1e4))
@laws
def test_at_a_bin_is_cross_entropy(rows: Rows) -> None:
    logits, target = rows
    at_bins = distribution_focal_loss(logits, target.double())
    torch.testing.assert_close(at_bins, cross_entropy_loss(logits, target))


@given(position=st.floats(0, 6))
@laws
def test_the_best_distribution_has_its_mean_at_the_position(position: float) -> None:
    """With p the hat weights themselves the gradient, p - weights, is zero."""
    weights = [max(0.0, 1 - abs(j - position)) for j in range(7)]
    logits = torch.tensor([weights], dtype=torch.float64).clamp(min=1e-300).log()
    logits.requires_grad_()
    loss = distribution_focal_loss(logits, torch.tensor([position], dtype=torch.float64))
    assert loss.item() <= math.log(2) + 1e-12
    assert gradient(loss, logits).abs().max() < 1e-12
