from inspect import unwrap
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import eiou_loss, focal_eiou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

Box = list[float]
Weight = Literal["constant", "differentiated"]

weights = pytest.mark.parametrize("weight", ["constant", "differentiated"])
HALF = 0.5 + 0.25 / 8 + 1 / 4  # the EIoU loss of the pair below, whose IoU is 1/2


@weights
@pytest.mark.parametrize(
    ("a", "b", "gamma", "expected"),
    [
        pytest.param([0, 0, 2, 2], [0, 0, 1, 2], 0.5, HALF / 2**0.5, id="root"),
        pytest.param([0, 0, 2, 2], [0, 0, 1, 2], 2.0, HALF / 4, id="square"),
        pytest.param([0, 0, 2, 2], [0, 0, 1, 2], 0.0, HALF, id="gamma-0"),
        pytest.param([0, 0, 1, 1], [5, 5, 6, 6], 0.5, 0, id="apart"),
        pytest.param([0, 0, 1, 1], [5, 5, 6, 6], 0.0, 1 + 50 / 72, id="apart-gamma-0"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 0.5, 0, id="two-equal-points"),
    ],
)
def test_worked_values(weight: Weight, a: Box, b: Box, gamma: float, expected: float) -> None:
    pred, target = torch.tensor([a]).float(), torch.tensor([b]).float()
    loss = focal_eiou_loss(pred, target, gamma=gamma, weight=weight)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@weights
@given(box_pairs())
@laws
def test_gamma_0_is_eiou(weight: Weight, pair: Pair) -> None:
    loss = focal_eiou_loss(*pair, gamma=0.0, weight=weight)
    torch.testing.assert_close(loss, eiou_loss(*pair))


@given(pair=box_pairs(), gamma=st.floats(0, 3))
@laws
def test_both_weights_have_one_value(pair: Pair, gamma: float) -> None:
    constant = focal_eiou_loss(*pair, gamma=gamma)
    product = focal_eiou_loss(*pair, gamma=gamma, weight="differentiated")
    # Below an IoU of eps the differentiated power is a straight line: off by at most eps**gamma.
    torch.testing.assert_close(product, constant, atol=4 * 1e-7**gamma if gamma else 0, rtol=1e-7)


@weights
@pytest.mark.parametrize("gamma", [0.01, 0.5, 1.0, 1.5, 2.0])
@given(pair=hostile_box_pairs())
@laws
def test_no_power_has_an_infinite_slope(weight: Weight, gamma: float, pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    loss = focal_eiou_loss(pred, pair[1], gamma=gamma, weight=weight)
    assert loss.isfinite().all()
    assert gradient(loss, pred).isfinite().all()


def test_the_differentiated_product_drives_pairs_of_little_overlap_apart() -> None:
    pred = torch.tensor([[0.0, 0.0, 10.0, 10.0]], requires_grad=True)
    target = torch.tensor([[9.0, 0.0, 19.0, 10.0]])
    held = gradient(focal_eiou_loss(pred, target), pred)
    product = gradient(focal_eiou_loss(pred, target, weight="differentiated"), pred)
    assert held[0, 2] < 0  # descent moves the right side to the right, into the target
    assert product[0, 2] > 0


def test_bad_options_are_refused() -> None:
    boxes = torch.zeros(1, 4)
    with pytest.raises(ValueError, match=r"got -0\.5"):
        focal_eiou_loss(boxes, boxes, gamma=-0.5)
    with pytest.raises(ValueError, match="got nan"):
        focal_eiou_loss(boxes, boxes, gamma=float("nan"))
    with pytest.raises(ValueError, match="got 'detached'"):
        unwrap(focal_eiou_loss)(boxes, boxes, weight="detached")
