import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import inner_iou_loss, iou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "ratio", "expected"),
    [
        # Auxiliary boxes [1, 1, 3, 3] and [2, 1, 4, 3]: 2 of 6.
        pytest.param([0, 0, 4, 4], [1, 0, 5, 4], 0.5, 2 / 3, id="half"),
        pytest.param([0, 0, 4, 4], [2, 0, 6, 4], 0.5, 1, id="half-just-touching"),
        # [-1, -1, 5, 5] and [1, -1, 7, 5]: 24 of 48.
        pytest.param([0, 0, 4, 4], [2, 0, 6, 4], 1.5, 0.5, id="grown"),
        pytest.param([0, 0, 4, 4], [2, 0, 6, 4], 1.0, 2 / 3, id="ratio-1"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], 0.75, 0.75, id="concentric"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 0.75, 1, id="two-equal-points"),
    ],
)
def test_worked_values(a: Box, b: Box, ratio: float, expected: float) -> None:
    loss = inner_iou_loss(torch.tensor([a]).float(), torch.tensor([b]).float(), ratio=ratio)
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(box_pairs())
@laws
def test_ratio_1_is_iou(pair: Pair) -> None:
    torch.testing.assert_close(inner_iou_loss(*pair, ratio=1.0), iou_loss(*pair), atol=0, rtol=0)


@given(pair=box_pairs(), ratio=st.floats(0.5, 1))
@laws
def test_equal_shapes_overlap_less_the_smaller_the_ratio(pair: Pair, ratio: float) -> None:
    target = pair[0]
    pred = target + pair[1][:, :2].repeat(1, 2) - target[:, :2].repeat(1, 2)
    inner = inner_iou_loss(pred, target, ratio=ratio)
    assert (inner >= iou_loss(pred, target) - 1e-9).all()


def test_a_ratio_above_1_reaches_pairs_that_do_not_touch() -> None:
    pred = torch.tensor([[0.0, 0.0, 4.0, 4.0]], requires_grad=True)
    target = torch.tensor([[5.0, 0.0, 9.0, 4.0]])
    assert gradient(iou_loss(pred, target), pred).count_nonzero() == 0
    assert gradient(inner_iou_loss(pred, target, ratio=1.5), pred)[0, 2] < 0


@pytest.mark.parametrize("ratio", [1e-6, 0.5, 1.5, 100.0])
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_stay_finite(ratio: float, pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    loss = inner_iou_loss(pred, pair[1], ratio=ratio)
    assert ((loss >= -1e-5) & (loss <= 1)).all()
    assert gradient(loss, pred).isfinite().all()


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan")])
def test_a_ratio_that_is_not_positive_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match=rf"ratio must be in \[1e-6, 1e6\]: got {ratio}"):
        inner_iou_loss(torch.zeros(1, 4), torch.zeros(1, 4), ratio=ratio)
