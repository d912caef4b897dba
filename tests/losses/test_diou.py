import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import diou_loss, iou_loss
from tests.losses.strategies import Pair, box_pairs, laws

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], 6 / 7 + 2 / 18, id="crossing"),
        pytest.param([0, 0, 1, 1], [2, 0, 3, 1], 1 + 4 / 10, id="one-box-between"),
        pytest.param([0, 0, 1, 1], [9, 9, 10, 10], 1 + 162 / 200, id="opposite-corners"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.75, id="concentric"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 1, id="two-equal-points"),
        pytest.param([0, 0, 0, 0], [9, 0, 9, 0], 2, id="two-points-apart"),
    ],
)
def test_worked_values(a: Box, b: Box, expected: float) -> None:
    loss = diou_loss(torch.tensor([a]).float(), torch.tensor([b]).float())
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), width=st.floats(0.5, 90), height=st.floats(0.5, 90))
@laws
def test_concentric_boxes_cost_what_iou_says(pair: Pair, width: float, height: float) -> None:
    target, _ = pair
    x1, y1, x2, y2 = target.unbind(-1)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    pred = torch.stack((x - width, y - height, x + width, y + height), dim=-1)
    torch.testing.assert_close(diou_loss(pred, target), iou_loss(pred, target))


@given(box_pairs())
@laws
def test_is_at_least_the_iou_loss(pair: Pair) -> None:
    assert (diou_loss(*pair) >= iou_loss(*pair)).all()
