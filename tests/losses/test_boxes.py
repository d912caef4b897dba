from inspect import unwrap

import pytest
import torch
from hypothesis import given

from boxgauge.losses import BoxFormat, giou_loss, to_corners
from boxgauge.losses.boxes import cxcywh
from tests.losses.strategies import Pair, box_pairs, laws

formats = pytest.mark.parametrize("box_format", ["xyxy", "xywh", "cxcywh"])


@pytest.mark.parametrize(
    ("box_format", "box"),
    [("xyxy", [1.0, 2, 5, 8]), ("xywh", [1.0, 2, 4, 6]), ("cxcywh", [3.0, 5, 4, 6])],
)
def test_one_box_in_each_format(box_format: BoxFormat, box: list[float]) -> None:
    corners = to_corners(torch.tensor([box]), box_format)
    torch.testing.assert_close(corners, torch.tensor([[1.0, 2, 5, 8]]))


@given(box_pairs())
@laws
def test_centre_form_and_back(pair: Pair) -> None:
    torch.testing.assert_close(to_corners(cxcywh(pair[0]), "cxcywh"), pair[0])


@pytest.mark.parametrize(
    ("box_format", "box", "as_if"),
    [("xywh", [5.0, 8, -4, -6], [1.0, 2, 5, 8]), ("cxcywh", [3.0, 5, -4, 6], [1.0, 2, 5, 8])],
)
def test_negative_sizes_are_put_right_by_the_losses(
    box_format: BoxFormat, box: list[float], as_if: list[float]
) -> None:
    target = torch.tensor([[0.0, 0.0, 4.0, 4.0]])
    loss = giou_loss(to_corners(torch.tensor([box]), box_format), target)
    torch.testing.assert_close(loss, giou_loss(torch.tensor([as_if]), target))


@formats
def test_rows_may_have_any_shape_and_be_none(box_format: BoxFormat) -> None:
    assert to_corners(torch.zeros(0, 4), box_format).shape == (0, 4)
    boxes = torch.arange(24.0).reshape(2, 3, 4)
    flat = to_corners(boxes.reshape(6, 4), box_format)
    torch.testing.assert_close(to_corners(boxes, box_format), flat.reshape(2, 3, 4))


@formats
def test_half_precision_is_widened_before_sides_are_added(box_format: BoxFormat) -> None:
    box = torch.tensor([[2049.0, 2047.0, 3.0, 5.0]]).half()  # 2048 + 3 has no float16
    corners = to_corners(box, box_format)
    assert corners.dtype == torch.float32
    torch.testing.assert_close(corners, to_corners(box.float(), box_format))


@formats
def test_is_differentiable(box_format: BoxFormat) -> None:
    boxes = torch.rand(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(
        lambda rows: to_corners(rows, box_format), (boxes.requires_grad_(),)
    )


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="got 'yxyx'"):
        # Unwrapped: here the tests' own type checker would refuse it first.
        unwrap(to_corners)(torch.zeros(1, 4), "yxyx")


@formats
@pytest.mark.parametrize("shape", [(), (2,), (1, 5)], ids=str)
@pytest.mark.usefixtures("signatures_unchecked")
def test_what_has_not_four_numbers_is_refused(
    box_format: BoxFormat, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="boxes must have four numbers each: got shape"):
        to_corners(torch.zeros(shape), box_format)
