from inspect import unwrap
from typing import Literal

import pytest
import torch
from hypothesis import given

from boxgauge.losses import ciou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws, rows_of
from tests.reference import boxes as reference

Box = list[float]
Form = Literal["official", "yolo"]

forms = pytest.mark.parametrize("form", ["official", "yolo"])


@pytest.mark.parametrize(
    ("form", "a", "b", "expected"),
    [
        pytest.param(
            "official", [0, 0, 2, 2], [1, 1, 3, 3], 6 / 7 + 2 / 18, id="equal-shapes-leave-distance"
        ),
        pytest.param(
            "official", [0, 0, 2, 1], [0, 0, 1, 2], 2 / 3 + 0.5 / 8, id="official-no-v-at-iou-1/3"
        ),
        pytest.param("yolo", [0, 0, 2, 1], [0, 0, 1, 2], 0.7629183, id="yolo-v-at-iou-1/3"),
        pytest.param("official", [0, 0, 2, 2], [0, 0, 2, 1.5], 0.2580704, id="official-v-at-3/4"),
        pytest.param("yolo", [0, 0, 2, 2], [0, 0, 2, 1.5], 0.2580704, id="yolo-v-at-3/4"),
        pytest.param("official", [5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
    ],
)
def test_worked_values(form: Form, a: Box, b: Box, expected: float) -> None:
    loss = ciou_loss(torch.tensor([a]).float(), torch.tensor([b]).float(), alpha=form)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@forms
@given(pair=box_pairs())
@laws
def test_agrees_with_the_scalar_reference(form: Form, pair: Pair) -> None:
    expected = [
        reference.ciou_loss(a, b, reference.ciou_trade_off(a, b, form)) for a, b in rows_of(*pair)
    ]
    actual = ciou_loss(*pair, alpha=form)
    # `eps` in the denominator of alpha is all that differs.
    torch.testing.assert_close(actual.tolist(), expected, atol=1e-6, rtol=0)


@forms
@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param((3.1, 2.2, 17.5, 20.9), (5.3, 1.7, 18.2, 13.4), id="crossing"),
        pytest.param((3.1, 2.2, 17.5, 20.9), (30.3, 41.7, 55.2, 50.4), id="apart"),
        pytest.param((3.1, 2.2, 17.5, 20.9), (3.3, 2.0, 17.9, 20.4), id="close"),
    ],
)
def test_the_gradient_holds_alpha_constant(form: Form, a: Box, b: Box) -> None:
    constant = reference.ciou_trade_off(a, b, form)
    step = 1e-5
    expected = []
    for side in range(4):
        ahead, behind = list(a), list(a)
        ahead[side] += step
        behind[side] -= step
        rise = reference.ciou_loss(ahead, b, constant) - reference.ciou_loss(behind, b, constant)
        expected.append(rise / (2 * step))

    pred = torch.tensor([list(a)], dtype=torch.float64, requires_grad=True)
    target = torch.tensor([list(b)], dtype=torch.float64)
    actual = gradient(ciou_loss(pred, target, alpha=form), pred)
    torch.testing.assert_close(actual[0].tolist(), expected, atol=1e-8, rtol=1e-5)


@given(pair=box_pairs())
@laws
def test_the_values_are_the_same_where_alpha_is_differentiated(pair: Pair) -> None:
    loss = ciou_loss(*pair, alpha="differentiated")
    torch.testing.assert_close(loss, ciou_loss(*pair, alpha="yolo"), atol=0, rtol=0)


def test_an_unknown_alpha_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'paper'"):
        # Unwrapped: here the tests' own type checker would refuse it first.
        unwrap(ciou_loss)(torch.zeros(1, 4), torch.zeros(1, 4), alpha="paper")
