"""Laws that every loss of single logits and labels in [0, 1] keeps."""

from collections.abc import Callable
from functools import partial
from inspect import unwrap

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import (
    asymmetric_loss,
    bce_with_logits_loss,
    focal_loss,
    ghm_c_loss,
    poly_focal_loss,
    quality_focal_loss,
    varifocal_loss,
)
from tests.losses.strategies import gradient, laws, logits, probabilities

LogitLoss = Callable[..., Tensor]


def ghm_c(logits: Tensor, target: Tensor) -> Tensor:
    return unwrap(ghm_c_loss)(logits, target, torch.zeros(10)).loss


ELEMENTWISE = [
    pytest.param(bce_with_logits_loss, id="bce"),
    pytest.param(partial(bce_with_logits_loss, label_smoothing=0.1), id="bce-smoothed"),
    pytest.param(focal_loss, id="focal"),
    pytest.param(partial(focal_loss, gamma=0.3, alpha=-1), id="focal-gamma-below-1"),
    pytest.param(quality_focal_loss, id="quality-focal"),
    pytest.param(partial(quality_focal_loss, beta=0), id="quality-focal-beta-0"),
    pytest.param(partial(quality_focal_loss, beta=1), id="quality-focal-beta-1"),
    pytest.param(partial(quality_focal_loss, beta=1.5), id="quality-focal-beta-1.5"),
    pytest.param(varifocal_loss, id="varifocal"),
    pytest.param(
        partial(varifocal_loss, iou_weighted=False, gamma=0.5, detach_weight=True),
        id="varifocal-rt-detr",
    ),
    pytest.param(asymmetric_loss, id="asymmetric"),
    pytest.param(
        partial(asymmetric_loss, gamma_positive=1, detach_weight=True), id="asymmetric-detached"
    ),
    pytest.param(
        partial(asymmetric_loss, gamma_positive=0.5, gamma_negative=0.5, clip=0),
        id="asymmetric-no-clip",
    ),
    pytest.param(
        partial(asymmetric_loss, gamma_negative=1, clip=1e-7), id="asymmetric-smallest-clip"
    ),
    pytest.param(poly_focal_loss, id="poly-focal"),
    pytest.param(
        partial(poly_focal_loss, epsilon=-1, gamma=0, alpha=-1), id="poly-focal-least-epsilon"
    ),
]

elementwise = pytest.mark.parametrize("loss", ELEMENTWISE)
every_loss = pytest.mark.parametrize("loss", [*ELEMENTWISE, pytest.param(ghm_c, id="ghm-c")])


@every_loss
@given(
    rows=st.lists(
        st.tuples(
            logits(1e4) | st.sampled_from([0.0, -18.0, 20.0, 89.0, -104.0, 1e4, -1e4]),
            probabilities() | st.sampled_from([0.0, 1.0, 1e-38, 1 - 2**-24]),
        ),
        min_size=1,
        max_size=6,
    )
)
@laws
def test_hostile_logits_stay_finite(loss: LogitLoss, rows: list[tuple[float, float]]) -> None:
    values, labels = zip(*rows, strict=True)
    x = torch.tensor(values, requires_grad=True)
    result = loss(x, torch.tensor(labels))
    assert result.isfinite().all()
    assert (result >= -1e-6).all()
    assert gradient(result, x).isfinite().all()


@every_loss
@pytest.mark.parametrize("label", [-1e6, -1.0, 2.0, 1e6])
def test_labels_out_of_range_stay_finite(loss: LogitLoss, label: float) -> None:
    x = torch.tensor([-1e4, -18.0, 0.0, 20.0, 1e4], requires_grad=True)
    result = loss(x, torch.full((5,), label))
    assert result.isfinite().all()
    assert gradient(result, x).isfinite().all()


@every_loss
def test_no_rows_give_no_losses_and_an_empty_gradient(loss: LogitLoss) -> None:
    x = torch.zeros(0, requires_grad=True)
    result = loss(x, torch.zeros(0))
    assert result.shape == (0,)
    assert gradient(result, x).shape == (0,)


@elementwise
def test_any_shape_is_as_good_as_flat(loss: LogitLoss) -> None:
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 3, 4, generator=rng), torch.rand(2, 3, 4, generator=rng).round()
    torch.testing.assert_close(loss(x, y), loss(x.flatten(), y.flatten()).reshape(2, 3, 4))
    torch.testing.assert_close(loss(x.sum(), y[0, 0, 0]), loss(x.sum()[None], y[0, 0, :1])[0])


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened(loss: LogitLoss, dtype: torch.dtype) -> None:
    x = torch.tensor([-1e4, -30.0, -0.5, 0.0, 2.0, 40.0, 1e4], dtype=dtype, requires_grad=True)
    y = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.5, 1.0, 0.0], dtype=dtype)
    result = loss(x, y)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, loss(x.float(), y.float()))
    assert gradient(result, x).isfinite().all()


@every_loss
def test_autocast_changes_nothing(loss: LogitLoss) -> None:
    x, y = torch.tensor([-1e4, -3.0, 0.25, 1e4]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(x, y)
    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, loss(x, y))


@every_loss
def test_what_does_not_pair_up_is_refused(loss: LogitLoss) -> None:
    with pytest.raises(ValueError, match=r"must pair up: got shapes \[1\] and \[3\]"):
        loss(torch.zeros(1), torch.zeros(3))


@every_loss
def test_following_the_gradient_sorts_positives_from_negatives(loss: LogitLoss) -> None:
    target = torch.tensor([1.0, 0.0])
    x = torch.tensor([-1.0, 1.0], requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=1.0)
    for _ in range(60):
        optimizer.zero_grad()
        loss(x, target).sum().backward()
        optimizer.step()
    positive, negative = x.tolist()
    assert positive > 0 > negative
