from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from boxgauge.frames import BoxFormat, InvalidInputError, to_xywh

Float64 = NDArray[np.float64]

boxes_xywh = arrays.arrays(
    np.float64, st.tuples(st.integers(0, 5), st.just(4)), elements=st.floats(0, 4096, width=32)
)


@given(boxes_xywh)
def test_xywh_is_kept_in_all_bits(boxes: Float64) -> None:
    assert to_xywh(boxes, BoxFormat.XYWH).tobytes() == boxes.tobytes()


@given(boxes_xywh)
def test_float32_widens_without_loss(boxes: Float64) -> None:
    narrow = boxes.astype(np.float32)
    for box_format in BoxFormat:
        wide = to_xywh(narrow.astype(np.float64), box_format)
        assert to_xywh(narrow, box_format).tobytes() == wide.tobytes()


@given(boxes_xywh)
def test_corners_convert_by_one_rounded_difference(boxes: Float64) -> None:
    for given_box, box in zip(boxes.tolist(), to_xywh(boxes, BoxFormat.XYXY).tolist(), strict=True):
        left, top, right, bottom = given_box
        width = float(Fraction(right) - Fraction(left))
        height = float(Fraction(bottom) - Fraction(top))
        assert box == [left, top, width, height]


@given(boxes_xywh)
def test_centres_convert_by_one_rounded_difference(boxes: Float64) -> None:
    converted = to_xywh(boxes, BoxFormat.CXCYWH).tolist()
    for given_box, box in zip(boxes.tolist(), converted, strict=True):
        x, y, width, height = given_box
        left = float(Fraction(x) - Fraction(width) / 2)
        top = float(Fraction(y) - Fraction(height) / 2)
        assert box == [left, top, width, height]


def test_the_input_is_not_written_to() -> None:
    boxes = np.array([[1.0, 2.0, 5.0, 7.0]])
    assert to_xywh(boxes, BoxFormat.XYXY).tolist() == [[1, 2, 4, 5]]
    assert boxes.tolist() == [[1, 2, 5, 7]]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (np.zeros((2, 3)), r"boxes must be of shape \[n, 4\]: got \[2, 3\]"),
        (np.zeros(4), r"boxes must be of shape \[n, 4\]: got \[4\]"),
        (np.zeros((1, 4), np.float16), "boxes must be float32 or float64: got float16"),
        (np.zeros((1, 4), np.int64), "boxes must be float32 or float64: got int64"),
    ],
)
def test_other_shapes_and_types_are_refused(boxes: Float64, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        to_xywh(boxes)
