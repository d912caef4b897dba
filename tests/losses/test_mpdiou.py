import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.losses import iou_loss, mpdiou_loss
from tests.losses.strategies import Pair, box_pairs, gradient, hostile_box_pairs, laws

Box = list[float]


@pytest.mark.parametrize(
    ("a", "b", "size", "expected"),
    [
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], [10, 10], 6 / 7 + 4 / 200, id="crossing"),
        pytest.param([0, 0, 2, 2], [1, 1, 3, 3], [3, 4], 6 / 7 + 4 / 25, id="3-4-5"),
        pytest.param([0, 0, 1, 1], [2, 0, 3, 1], [8, 6], 1 + 8 / 100, id="apart"),
        pytest.param([0, 0, 4, 4], [1, 1, 3, 3], [10, 10], 0.75 + 4 / 200, id="concentric"),
        pytest.param([0, 0, 4, 4], [0, 0, 2, 4], [10, 10], 0.5 + 4 / 200, id="right-side"),
        pytest.param([0, 0, 4, 4], [0, 0, 4, 2], [10, 10], 0.5 + 4 / 200, id="lower-side"),
        pytest.param([0, 0, 4, 4], [0, 1, 4, 4], [10, 10], 0.25 + 1 / 200, id="upper-side"),
        pytest.param([0, 0, 4, 4], [3, 0, 4, 4], [10, 10], 0.75 + 9 / 200, id="left-side"),
        pytest.param([0, 0, 0, 0], [9, 9, 9, 9], [9, 9], 3, id="two-corners-of-the-image"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], [9, 9], 1, id="two-equal-points"),
    ],
)
def test_worked_values(a: Box, b: Box, size: list[float], expected: float) -> None:
    loss = mpdiou_loss(*(torch.tensor([row]).float() for row in (a, b, size)))
    torch.testing.assert_close(loss, torch.tensor([expected]).float())


@given(pair=box_pairs(), scale=st.floats(0.1, 100))
@laws
def test_scale_does_not_matter_if_the_image_has_it_too(pair: Pair, scale: float) -> None:
    size = torch.full((len(pair[0]), 2), 64.0, dtype=torch.float64)
    scaled = mpdiou_loss(pair[0] * scale, pair[1] * scale, size * scale)
    torch.testing.assert_close(scaled, mpdiou_loss(*pair, size))


@given(box_pairs())
@laws
def test_a_huge_image_leaves_iou(pair: Pair) -> None:
    size = torch.full((len(pair[0]), 2), 1e9, dtype=torch.float64)
    torch.testing.assert_close(mpdiou_loss(*pair, size), iou_loss(*pair))


def test_each_pair_has_an_image_of_its_own() -> None:
    pred, target = torch.tensor([[0.0, 0, 2, 2]] * 2), torch.tensor([[1.0, 1, 3, 3]] * 2)
    loss = mpdiou_loss(pred, target, torch.tensor([[10.0, 10], [3, 4]]))
    torch.testing.assert_close(loss, torch.tensor([6 / 7 + 4 / 200, 6 / 7 + 4 / 25]))


@pytest.mark.parametrize("size", [0.0, -640.0, 1e-30, 1e6])
@given(pair=hostile_box_pairs())
@laws
def test_hostile_boxes_and_images_stay_finite(size: float, pair: Pair) -> None:
    pred = pair[0].requires_grad_()
    loss = mpdiou_loss(pred, pair[1], torch.full((len(pred), 2), size))
    assert loss.isfinite().all()
    assert gradient(loss, pred).isfinite().all()


@pytest.mark.usefixtures("signatures_unchecked")
@pytest.mark.parametrize("shape", [(2,), (1, 2), (3, 2), (2, 4)], ids=str)
def test_an_image_size_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    boxes = torch.zeros(2, 4)
    with pytest.raises(ValueError, match=r"must be of shape \[2, 2\].* got \["):
        mpdiou_loss(boxes, boxes, torch.ones(shape))
