from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from boxgauge.client import chunks, ground_truth_batch, prediction_batch
from boxgauge.client.messages import to_message
from boxgauge.frames import BoxFormat, GroundTruths, InvalidInputError, Predictions
from boxgauge.v1 import frames_pb2 as pb

Floats = NDArray[np.floating[Any]]
TYPES = {pb.FLOAT_TYPE_FLOAT32: "<f4", pb.FLOAT_TYPE_FLOAT64: "<f8"}


@given(
    arrays.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, ">f8", np.int32]),
        st.tuples(st.integers(1, 4), st.just(4)),
    )
)
def test_no_bit_of_a_box_is_lost(boxes: Floats) -> None:
    rows = len(boxes)
    batch = prediction_batch([1], [rows], boxes, [1] * rows, [0.5] * rows, box_format="xyxy")
    sent = np.frombuffer(batch.boxes, TYPES[batch.box_type]).reshape(-1, 4)
    np.testing.assert_array_equal(sent, boxes)
    assert batch.box_format == pb.BOX_FORMAT_XYXY


def test_floats_keep_their_width() -> None:
    narrow = prediction_batch(["a"], [1], np.zeros((1, 4), np.float32), [1], np.ones(1))
    assert (narrow.box_type, narrow.score_type) == (pb.FLOAT_TYPE_FLOAT32, pb.FLOAT_TYPE_FLOAT64)
    assert (len(narrow.boxes), len(narrow.scores)) == (16, 8)


def test_strides_do_not_matter() -> None:
    boxes = np.arange(32.0).reshape(4, 8)[::2, ::2]
    batch = prediction_batch([1], [2], boxes, [1, 2], [0.5, 0.5])
    assert batch.boxes == np.ascontiguousarray(boxes).tobytes()


def test_an_empty_side_is_a_side() -> None:
    batch = ground_truth_batch([1, 2], [0, 0], [], [], areas=[], crowd=[], ignore=[], ids=[])
    assert list(batch.counts) == [0, 0]
    assert batch.boxes == batch.labels == batch.areas == b""


def test_what_ground_truth_leaves_out_is_not_sent() -> None:
    batch = ground_truth_batch([1], [1], [[0.0, 0, 1, 1]], [1])
    assert batch.areas == batch.crowd == batch.ignore == batch.ids == b""


ONE = [[0.0, 0.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: prediction_batch([1, "a"], [0, 0], [], [], []), "image_ids must be all integers"),
        (lambda: prediction_batch([1.5], [0], [], [], []), r"image_ids\[0\] must be an integer"),
        (lambda: prediction_batch([1], [1, 2], ONE, [1], [0.5]), r"counts must be of shape \[1\]"),
        (lambda: prediction_batch([1], [-1], [], [], []), r"counts\[0\] must be at least 0"),
        (lambda: prediction_batch([1], [2], ONE, [1], [0.5]), r"boxes must be of shape \[2, 4\]"),
        (lambda: prediction_batch([1], [1], ONE, [1, 2], [0.5]), r"labels must be of shape \[1\]"),
        (
            lambda: prediction_batch([1], [1], ONE, [1.0], [0.5]),
            r"labels must be whole numbers \(int64\)",
        ),
        (lambda: prediction_batch([1], [1], ONE, [1], []), r"scores must be of shape \[1\]"),
        (lambda: prediction_batch([1], [1], ONE, [1], ["x"]), "scores must be float32 or float64"),
        (
            lambda: prediction_batch([1], [1], [[2**53 + 1] * 4], [1], [0.5]),
            "boxes must be float32 or float64, or widen to it exactly: got int64",
        ),
        (
            lambda: prediction_batch([1], [1], ONE, [1], [0.5], box_format="yxyx"),
            "box_format must be one of xyxy, xywh, cxcywh: got 'yxyx'",
        ),
        (
            lambda: ground_truth_batch([1], [1], ONE, [1], revisions=[1, 2]),
            "revisions must be one for each of 1 images, or none: got 2 revisions",
        ),
        (lambda: ground_truth_batch([1], [1], ONE, [1], crowd=[2]), "crowd must be true or false"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_frames_travel_whole() -> None:
    truth = GroundTruths.from_arrays(
        [1], [1], ONE, [3], areas=[0.25], crowd=[True], ignore=[True], ids=[9]
    )
    (batch,) = to_message(truth).ground_truths
    columns = (batch.boxes, batch.labels, batch.areas, batch.crowd, batch.ignore, batch.ids)
    assert columns == tuple(column.tobytes() for column in truth.columns)


def test_mixed_image_ids_become_two_batches() -> None:
    boxes = np.arange(12.0).reshape(3, 4)
    mixed = Predictions.from_arrays(["a", 1, "b"], [1, 1, 1], boxes, [1, 2, 3], [0.1, 0.2, 0.3])
    integers, strings = to_message([mixed]).predictions
    assert list(integers.image_ids.integers) == [1]
    assert list(strings.image_ids.strings) == ["a", "b"]
    assert integers.boxes == boxes[1:2].tobytes()
    assert strings.boxes == boxes[[0, 2]].tobytes()


@given(st.lists(st.integers(0, 6), max_size=12), st.integers(1, 5), st.integers(1, 10))
def test_chunks_keep_everything_in_order_within_bounds(
    counts: list[int], images: int, rows: int
) -> None:
    n = sum(counts)
    frames = Predictions.from_arrays(
        range(len(counts)), counts, np.arange(4.0 * n).reshape(n, 4), [1] * n, [0.5] * n
    )
    parts = list(chunks(frames, images=images, rows=rows))
    assert [each for part in parts for each in part.image_ids] == list(frames.image_ids)
    assert b"".join(part.boxes.tobytes() for part in parts) == frames.boxes.tobytes()
    for part in parts:
        assert 1 <= len(part) <= images
        assert len(part.boxes) <= rows or len(part) == 1


@pytest.mark.parametrize("box_format", BoxFormat)
def test_every_box_format_has_its_code(box_format: BoxFormat) -> None:
    batch = prediction_batch([1], [1], ONE, [1], [0.5], box_format=box_format)
    assert pb.BoxFormat.Name(batch.box_format) == f"BOX_FORMAT_{box_format.name}"
