import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import bce_with_logits_loss, cross_entropy_loss
from tests.losses.strategies import Rows, class_rows, gradient, laws, logits, rows_of
from tests.reference import classification as reference

ROW = [2.0, 1.0, -1.0]


# The long numbers here and in the tests of the other losses: exp and ln of Python's decimal
# module at 50 digits.
@pytest.mark.parametrize(
    ("row", "label", "smoothing", "expected"),
    [
        pytest.param([0.0, 0.0, 0.0, 0.0], 2, 0, math.log(4), id="undecided-is-ln-k"),
        pytest.param(ROW, 0, 0, 0.34901221676818638542, id="right"),
        pytest.param(ROW, 2, 0, 3.34901221676818638542, id="wrong"),
        pytest.param(ROW, 0, 0.1, 0.48234555010151971875, id="smoothed"),
        pytest.param(ROW, 0, 1, 5.0470366503045591563 / 3, id="nothing-but-smoothing"),
        pytest.param([1e4, -1e4], 1, 0, 2e4, id="wrong-past-exp-of-float"),
        pytest.param([1e4, -1e4], 0, 0, 0, id="right-past-exp-of-float"),
        pytest.param([7.0], 0, 0.5, 0, id="a-single-class"),
        pytest.param(ROW, 3, 0.1, 0, id="no-such-class"),
        pytest.param(ROW, -1, 0, 0, id="negative-class"),
    ],
)
def test_worked_values(row: list[float], label: int, smoothing: float, expected: float) -> None:
    loss = cross_entropy_loss(
        torch.tensor([row], dtype=torch.float64), torch.tensor([label]), label_smoothing=smoothing
    )
    assert loss.item() == pytest.approx(expected, rel=1e-12)


@given(rows=class_rows(stray=True), smoothing=st.floats(0, 1))
@laws
def test_agrees_with_the_scalar_reference(rows: Rows, smoothing: float) -> None:
    expected = [reference.cross_entropy_loss(x, y, smoothing) for x, y in rows_of(*rows)]
    actual = cross_entropy_loss(*rows, label_smoothing=smoothing)
    assert actual.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(rows=class_rows(1e4), smoothing=st.floats(0, 1))
@laws
def test_agrees_with_pytorch(rows: Rows, smoothing: float) -> None:
    actual = cross_entropy_loss(*rows, label_smoothing=smoothing)
    expected = torch.nn.functional.cross_entropy(*rows, reduction="none", label_smoothing=smoothing)
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("ignore_index", [-100, 0, 2])
def test_ignores_the_rows_pytorch_ignores(ignore_index: int) -> None:
    rows = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([0, 2, ignore_index, 1])
    options = {"label_smoothing": 0.1, "ignore_index": ignore_index}
    actual = cross_entropy_loss(rows, target, **options)
    assert actual[2] == 0
    expected = torch.nn.functional.cross_entropy(rows, target, reduction="none", **options)
    torch.testing.assert_close(actual, expected)


@given(a=logits(1e4), b=logits(1e4), label=st.sampled_from([0, 1]))
@laws
def test_of_two_classes_is_binary_of_their_difference(a: float, b: float, label: int) -> None:
    pair = torch.tensor([[a, b]], dtype=torch.float64)
    binary = bce_with_logits_loss(pair[:, 1] - pair[:, 0], torch.tensor([float(label)]).double())
    both = cross_entropy_loss(pair, torch.tensor([label]))
    torch.testing.assert_close(both, binary, rtol=1e-9, atol=1e-12)


@given(rows=class_rows(1e4))
@laws
def test_the_gradient_is_probability_less_label(rows: Rows) -> None:
    x, y = rows
    slope = gradient(cross_entropy_loss(x.requires_grad_(), y), x)
    one_hot = torch.nn.functional.one_hot(y, x.shape[1])
    torch.testing.assert_close(slope, x.detach().softmax(-1) - one_hot)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1])
def test_a_bad_label_smoothing_is_refused(smoothing: float) -> None:
    with pytest.raises(ValueError, match=rf"label_smoothing must be in \[0, 1\]: got {smoothing}"):
        cross_entropy_loss(torch.zeros(1, 2), torch.tensor([0]), label_smoothing=smoothing)
