import pytest
import torch
from hypothesis import given

from boxgauge.losses import iou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, laws, rows_of
from tests.reference import boxes as reference

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], 6 / 7, id="one-of-seven-squares-in-common"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.75, id="nested"),
        pytest.param([0, 0, 1, 1], [1, 0, 2, 1], 1, id="touching"),
        pytest.param([0, 0, 1, 1], [5, 5, 6, 6], 1, id="apart"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
        pytest.param([2, 2, 0, 0], [0, 0, 2, 2], 0, id="inverted"),
    ],
)
def test_worked_values(a: Box, b: Box, expected: float) -> None:
    loss = iou_loss(torch.tensor([a]).float(), torch.tensor([b]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(box_pairs())
@laws
def test_agrees_with_exact_fractions(pair: Pair) -> None:
    expected = [reference.iou_loss(a, b) for a, b in rows_of(*pair)]
    torch.testing.assert_close(iou_loss(*pair).tolist(), expected, atol=1e-9, rtol=0)


def test_boxes_apart_have_no_gradient() -> None:
    pred = torch.tensor([[0.0, 0.0, 1.0, 1.0]], requires_grad=True)
    assert not gradient(iou_loss(pred, pred.detach() + 5), pred).any()
