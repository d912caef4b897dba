from inspect import unwrap
from math import atan, pi
from typing import Literal

import pytest
import torch
from hypothesis import given
from torch import Tensor

from boxgauge.losses import alpha_iou_loss, ciou_loss, diou_loss, giou_loss, iou_loss
from tests.losses.box_cases import BoxLoss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

Box = list[float]
Form = Literal["iou", "giou", "diou", "ciou"]

CROSSED = ([0, 0, 2, 1], [0, 0, 1, 2])
V = 4 / pi**2 * (atan(2) - atan(1 / 2)) ** 2


def _ciou_yolo(pred: Tensor, target: Tensor) -> Tensor:
    return ciou_loss(pred, target, alpha="yolo")


@pytest.mark.parametrize(
    ("form", "alpha", "a", "b", "expected"),
    [
        pytest.param("iou", 3, [0, 0, 2, 2], [1, 1, 3, 3], 1 - 1 / 343, id="iou-cubed"),
        pytest.param("iou", 0.5, [0, 0, 2, 2], [0, 0, 2, 0.5], 0.5, id="iou-root"),
        pytest.param("giou", 3, [0, 0, 2, 2], [1, 1, 3, 3], 1 - 1 / 343 + 8 / 729, id="giou-cubed"),
        pytest.param("giou", 2, [0, 0, 1, 1], [2, 0, 3, 1], 1 + 1 / 9, id="giou-apart"),
        pytest.param("diou", 3, [0, 0, 2, 2], [1, 1, 3, 3], 1 - 1 / 343 + 1 / 729, id="diou-cubed"),
        pytest.param("diou", 2, [0, 0, 1, 1], [2, 0, 3, 1], 1 + 16 / 100, id="diou-apart"),
        pytest.param(
            "ciou",
            2,
            *CROSSED,
            1 - 1 / 9 + 1 / 256 + (V / (2 / 3 + V) * V) ** 2,
            id="ciou-squared",
        ),
        pytest.param("ciou", 3, [5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
    ],
)
def test_worked_values(form: Form, alpha: float, a: Box, b: Box, expected: float) -> None:
    pred, target = torch.tensor([a]).float(), torch.tensor([b]).float()
    loss = alpha_iou_loss(pred, target, alpha=alpha, form=form)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@pytest.mark.parametrize(
    ("form", "plain"),
    [("iou", iou_loss), ("giou", giou_loss), ("diou", diou_loss), ("ciou", _ciou_yolo)],
)
@given(box_pairs())
@laws
def test_alpha_1_is_the_plain_loss_with_its_gradient(
    form: Form, plain: BoxLoss, pair: Pair
) -> None:
    pred = pair[0].requires_grad_()
    powered, wanted = alpha_iou_loss(pred, pair[1], alpha=1.0, form=form), plain(pred, pair[1])
    torch.testing.assert_close(powered, wanted, atol=1e-12, rtol=0)
    slopes = gradient(powered, pred), gradient(wanted, pred)
    torch.testing.assert_close(*slopes, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("form", ["iou", "giou", "diou", "ciou"])
@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0, 2.5, 3.0])
@given(pair=hostile_box_pairs())
@laws
def test_no_power_has_an_infinite_slope(form: Form, alpha: float, pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    loss = alpha_iou_loss(pred, pair[1], alpha=alpha, form=form)
    assert loss.isfinite().all()
    assert gradient(loss, pred).isfinite().all()


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_an_alpha_that_is_not_positive_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match=rf"alpha must be in \[1e-6, 1e6\]: got {alpha}"):
        alpha_iou_loss(torch.zeros(1, 4), torch.zeros(1, 4), alpha=alpha)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'eiou'"):
        unwrap(alpha_iou_loss)(torch.zeros(1, 4), torch.zeros(1, 4), form="eiou")
