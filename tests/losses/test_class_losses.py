"""Laws that every loss of one class among many keeps."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import (
    cross_entropy_loss,
    distribution_focal_loss,
    poly_loss,
    seesaw_loss,
)
from tests.losses.strategies import Rows, class_rows, gradient, laws

ClassLoss = Callable[..., Tensor]


def seesaw(logits: Tensor, target: Tensor, eps: float = 1e-2) -> Tensor:
    counts = torch.tensor([0, 10**6, 3, 2**40, 50])[: logits.shape[1]]
    return seesaw_loss(logits, target, counts, eps=eps).loss


def at_a_bin(logits: Tensor, target: Tensor) -> Tensor:
    return distribution_focal_loss(logits, target.to(logits.dtype))


LOSSES = [
    pytest.param(cross_entropy_loss, id="cross-entropy"),
    pytest.param(partial(cross_entropy_loss, label_smoothing=0.1), id="cross-entropy-smoothed"),
    pytest.param(poly_loss, id="poly"),
    pytest.param(partial(poly_loss, epsilon=-1), id="poly-least-epsilon"),
    pytest.param(seesaw, id="seesaw"),
    pytest.param(partial(seesaw, eps=0), id="seesaw-no-floor"),
]

labelled = pytest.mark.parametrize("loss", LOSSES)
every_loss = pytest.mark.parametrize(
    "loss", [*LOSSES, pytest.param(at_a_bin, id="distribution-focal")]
)


@every_loss
@given(rows=class_rows(1e4, stray=True))
@laws
def test_hostile_logits_and_labels_stay_finite(loss: ClassLoss, rows: Rows) -> None:
    logits, target = rows
    x = logits.float().requires_grad_()
    result = loss(x, target)
    assert result.shape == target.shape
    assert result.isfinite().all()
    assert (result >= -1e-6).all()
    assert gradient(result, x).isfinite().all()


@labelled
@given(rows=class_rows(1e4, stray=True))
@laws
def test_a_class_there_is_none_of_is_ignored(loss: ClassLoss, rows: Rows) -> None:
    logits, target = rows
    stray = (target < 0) | (target >= logits.shape[1])
    logits.requires_grad_()
    result = loss(logits, target)
    assert (result[stray] == 0).all()
    assert (gradient(result, logits)[stray] == 0).all()


@every_loss
@given(rows=class_rows(), shift=st.floats(-100, 100))
@laws
def test_only_differences_of_logits_matter(loss: ClassLoss, rows: Rows, shift: float) -> None:
    logits, target = rows
    torch.testing.assert_close(loss(logits + shift, target), loss(logits, target))


@every_loss
@given(rows=class_rows())
@laws
def test_the_gradient_of_a_row_sums_to_zero(loss: ClassLoss, rows: Rows) -> None:
    logits, target = rows
    slope = gradient(loss(logits.requires_grad_(), target), logits)
    torch.testing.assert_close(slope.sum(-1), torch.zeros(len(target), dtype=torch.float64))


@every_loss
def test_a_single_class_costs_nothing(loss: ClassLoss) -> None:
    logits = torch.tensor([[1e4], [-1e4], [0.0]], requires_grad=True)
    result = loss(logits, torch.zeros(3, dtype=torch.int64))
    assert result.tolist() == [0, 0, 0]
    assert gradient(result, logits).tolist() == [[0], [0], [0]]


@every_loss
@pytest.mark.parametrize("shape", [(0, 5), (0, 1)])
def test_no_rows_give_no_losses(loss: ClassLoss, shape: tuple[int, int]) -> None:
    logits = torch.zeros(shape, requires_grad=True)
    result = loss(logits, torch.zeros(0, dtype=torch.int64))
    assert result.shape == (0,)
    assert gradient(result, logits).shape == shape


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened(loss: ClassLoss, dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [0.5, 2.0, -7.0]], dtype=dtype, requires_grad=True)
    target = torch.tensor([1, 2])
    result = loss(logits, target)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, loss(logits.float(), target))
    assert gradient(result, logits).isfinite().all()


@every_loss
def test_autocast_changes_nothing(loss: ClassLoss) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [0.5, 2.0, -7.0]])
    target = torch.tensor([1, 2])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(logits, target)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, loss(logits, target))


@every_loss
@pytest.mark.usefixtures("signatures_unchecked")
def test_shapes_that_do_not_fit_are_refused(loss: ClassLoss) -> None:
    with pytest.raises(ValueError, match=r"must be \[n, .*: got shapes \[2, 3\] and \[1\]"):
        loss(torch.zeros(2, 3), torch.zeros(1, dtype=torch.int64))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.usefixtures("signatures_unchecked")
def test_classes_that_are_no_integers_are_refused(loss: ClassLoss) -> None:
    with pytest.raises(TypeError, match=r"labels must be integers, .*: got torch\.float32"):
        loss(torch.zeros(2, 3), torch.tensor([0.0, 0.5]))
