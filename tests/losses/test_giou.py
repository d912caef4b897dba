import pytest
import torch
from hypothesis import given

from boxgauge.losses import giou_loss, iou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws, rows_of
from tests.reference import boxes as reference

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], 1 - 1 / 7 + 2 / 9, id="two-empty-corners"),
        pytest.param([0, 0, 1, 1], [2, 0, 3, 1], 1 + 1 / 3, id="one-box-between"),
        pytest.param([0, 0, 1, 1], [9, 9, 10, 10], 1 + 98 / 100, id="opposite-corners"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.75, id="nested-has-no-gap"),
        pytest.param([0, 0, 2, 2], [2, 0, 4, 2], 1, id="touching-has-no-gap"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
        pytest.param([0, 0, 0, 0], [9, 0, 9, 0], 1, id="two-points-on-a-line-have-no-hull"),
        pytest.param([0, 0, 0, 0], [9, 9, 9, 9], 2, id="two-points-with-a-hull"),
    ],
)
def test_worked_values(a: Box, b: Box, expected: float) -> None:
    loss = giou_loss(torch.tensor([a]).float(), torch.tensor([b]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(box_pairs())
@laws
def test_agrees_with_exact_fractions(pair: Pair) -> None:
    expected = [reference.giou_loss(a, b) for a, b in rows_of(*pair)]
    torch.testing.assert_close(giou_loss(*pair).tolist(), expected, atol=1e-9, rtol=0)


@given(box_pairs())
@laws
def test_is_at_least_the_iou_loss(pair: Pair) -> None:
    assert (giou_loss(*pair) >= iou_loss(*pair) - 1e-9).all()


def test_boxes_apart_attract() -> None:
    pred = torch.tensor([[0.0, 0.0, 1.0, 1.0]], requires_grad=True)
    slope = gradient(giou_loss(pred, torch.tensor([[5.0, 0.0, 6.0, 1.0]])), pred)
    assert slope[0, 2] < 0  # the right side wants to go right
