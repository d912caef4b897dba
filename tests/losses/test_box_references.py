"""Agreement of each loss of paired boxes with its formula written out in scalars."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from boxgauge.losses import (
    alpha_iou_loss,
    balanced_l1_loss,
    diou_loss,
    eiou_loss,
    focal_eiou_loss,
    huber_loss,
    inner_iou_loss,
    l1_loss,
    mpdiou_loss,
    nwd_loss,
    shape_iou_loss,
    siou_loss,
    wise_iou_loss,
    wise_iou_v2_loss,
    wise_iou_v3_loss,
)
from tests.losses.strategies import Pair, box_pairs, laws, rows_of
from tests.reference import boxes_further as reference
from tests.reference.boxes import iou_loss as reference_iou_loss

Scalar = Callable[[list[float], list[float]], float]


def _check(actual: Tensor, pair: Pair, expected: Scalar) -> None:
    wanted = [expected(a, b) for a, b in rows_of(*pair)]
    torch.testing.assert_close(actual.tolist(), wanted, atol=1e-6, rtol=1e-9)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        pytest.param(diou_loss, reference.diou_loss, id="diou"),
        pytest.param(
            eiou_loss,
            lambda a, b: reference.eiou_loss(a, b, reference.eiou_normalisers(a, b)),
            id="eiou",
        ),
        pytest.param(
            wise_iou_loss,
            lambda a, b: reference.wise_iou_loss(a, b, reference.squared_diagonal(a, b)),
            id="wise-iou-v1",
        ),
        pytest.param(
            lambda a, b: mpdiou_loss(a, b, torch.tensor([[640.0, 480.0]]).expand(len(a), 2)),
            partial(reference.mpdiou_loss, width=640, height=480),
            id="mpdiou",
        ),
        pytest.param(l1_loss, reference.l1_loss, id="l1"),
    ],
)
@given(pair=box_pairs())
@laws
def test_losses_without_options(loss: Callable[..., Tensor], expected: Scalar, pair: Pair) -> None:
    _check(loss(*pair), pair, expected)


@given(pair=box_pairs(), gamma=st.floats(0, 3))
@laws
def test_focal_eiou(pair: Pair, gamma: float) -> None:
    def expected(a: list[float], b: list[float]) -> float:
        return reference.focal_eiou_loss(a, b, reference.focal_eiou_weight(a, b, gamma))

    _check(focal_eiou_loss(*pair, gamma=gamma), pair, expected)


@given(pair=box_pairs(), theta=st.floats(1, 6))
@laws
def test_siou(pair: Pair, theta: float) -> None:
    _check(siou_loss(*pair, theta=theta), pair, partial(reference.siou_loss, theta=theta))


@pytest.mark.parametrize("form", ["iou", "giou", "diou", "ciou"])
@given(pair=box_pairs(), alpha=st.floats(1, 5))
@laws
def test_alpha_iou(form: str, pair: Pair, alpha: float) -> None:
    def expected(a: list[float], b: list[float]) -> float:
        return reference.alpha_iou_loss(a, b, alpha, form, reference.alpha_trade_off(a, b))

    _check(alpha_iou_loss(*pair, alpha=alpha, form=form), pair, expected)


@pytest.mark.parametrize("version", [2, 3])
@given(pair=box_pairs(), mean=st.floats(0.05, 1), momentum=st.floats(0, 1))
@laws
def test_wise_iou_and_its_running_mean(
    version: int, pair: Pair, mean: float, momentum: float
) -> None:
    iou_losses = [reference_iou_loss(a, b) for a, b in rows_of(*pair)]
    next_mean = reference.wise_running_mean(mean, iou_losses, momentum)

    def expected(a: list[float], b: list[float]) -> float:
        degree = reference_iou_loss(a, b) / max(next_mean, 1e-7)
        gain = (
            reference.wise_v2_gain(degree, 0.5)
            if version == 2
            else reference.wise_v3_gain(degree, 1.9, 3.0)
        )
        return reference.wise_iou_loss(a, b, reference.squared_diagonal(a, b), gain)

    loss = wise_iou_v2_loss if version == 2 else wise_iou_v3_loss
    state = torch.tensor([mean], dtype=torch.float64)
    actual = loss(*pair, state, momentum=momentum)
    _check(actual.loss, pair, expected)
    torch.testing.assert_close(actual.next_mean_iou_loss.item(), next_mean)


@given(pair=box_pairs(), ratio=st.floats(0.5, 1.5))
@laws
def test_inner_iou(pair: Pair, ratio: float) -> None:
    expected = partial(reference.inner_iou_loss, ratio=ratio)
    _check(inner_iou_loss(*pair, ratio=ratio), pair, expected)


@given(pair=box_pairs(), scale=st.floats(-2, 3))
@laws
def test_shape_iou(pair: Pair, scale: float) -> None:
    expected = partial(reference.shape_iou_loss, scale=scale)
    _check(shape_iou_loss(*pair, scale=scale), pair, expected)


@given(pair=box_pairs(), constant=st.floats(1, 100))
@laws
def test_nwd(pair: Pair, constant: float) -> None:
    expected = partial(reference.nwd_loss, constant=constant)
    # Below the floor, 3e-4 px apart, the distance is made smooth.
    wanted = [expected(a, b) for a, b in rows_of(*pair)]
    actual = nwd_loss(*pair, constant=constant)
    torch.testing.assert_close(actual.tolist(), wanted, atol=3.2e-4, rtol=0)
    apart = actual > 1e-3
    torch.testing.assert_close(
        actual[apart], torch.tensor(wanted, dtype=torch.float64)[apart], atol=1e-12, rtol=0
    )


@given(pair=box_pairs(), delta=st.floats(0.01, 100))
@laws
def test_huber(pair: Pair, delta: float) -> None:
    expected = partial(reference.huber_loss, delta=delta)
    _check(huber_loss(*pair, delta=delta), pair, expected)


@given(pair=box_pairs(), alpha=st.floats(0.2, 2), gamma=st.floats(0.5, 3))
@laws
def test_balanced_l1(pair: Pair, alpha: float, gamma: float) -> None:
    expected = partial(reference.balanced_l1_loss, alpha=alpha, gamma=gamma)
    _check(balanced_l1_loss(*pair, alpha=alpha, gamma=gamma), pair, expected)
