from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.frames import BoxFormat, Frames, GroundTruths, InvalidInputError, Predictions

image_ids = st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(min_size=1, max_size=8))
counts_by_id = st.dictionaries(image_ids, st.integers(0, 4), min_size=1, max_size=5)


@st.composite
def batches(draw: st.DrawFn) -> Frames:
    sizes = draw(counts_by_id)
    rows = sum(sizes.values())
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    boxes, labels = random.random((rows, 4)), random.integers(0, 9, rows)
    ids, counts = tuple(sizes), list(sizes.values())
    if draw(st.booleans()):
        return Predictions.from_arrays(ids, counts, boxes, labels, random.random(rows))
    return GroundTruths.from_arrays(
        ids, counts, boxes, labels, crowd=random.random(rows) < 0.5, ids=random.permutation(rows)
    )


def same(ours: Frames, theirs: Frames) -> bool:
    return (
        type(ours) is type(theirs)
        and ours.image_ids == theirs.image_ids
        and ours.counts.tolist() == theirs.counts.tolist()
        and all(
            a.dtype == b.dtype and a.tobytes() == b.tobytes()
            for a, b in zip(ours.columns, theirs.columns, strict=True)
        )
    )


@given(batches())
def test_concatenate_undoes_split(batch: Frames) -> None:
    parts = batch.split()
    assert all(len(part) == 1 for part in parts)
    assert same(type(batch).concatenate(parts), batch)


@given(batches(), st.randoms(use_true_random=False))
def test_take_undoes_a_shuffle(batch: Frames, random: Random) -> None:
    order = list(range(len(batch)))
    random.shuffle(order)
    back = np.argsort(order).tolist()
    assert same(batch.take(order).take(back), batch)


@given(batches())
def test_take_agrees_with_split(batch: Frames) -> None:
    parts = batch.split()
    for k, part in enumerate(parts):
        assert same(batch.take([k]), part)
    assert len(batch.take([])) == len(batch.take([]).boxes) == 0


@given(batches())
def test_offsets_and_image_index_agree(batch: Frames) -> None:
    offsets = batch.offsets
    assert offsets[0] == 0
    assert offsets[-1] == len(batch.boxes) == len(batch.image_index)
    for k in range(len(batch)):
        assert (batch.image_index[offsets[k] : offsets[k + 1]] == k).all()


def test_what_ground_truth_leaves_out_is_filled_in() -> None:
    frames = GroundTruths.from_arrays(
        ["a"], [2], [[0.0, 0, 2, 3], [1, 1, 4, 5]], [1, 2], box_format=BoxFormat.XYXY
    )
    assert frames.areas.tolist() == [6, 12]
    assert frames.crowd.tolist() == frames.ignore.tolist() == [False, False]
    assert frames.ids.tolist() == [1, 2]


def test_no_box_at_all_is_an_ordinary_batch() -> None:
    batch = Predictions.from_arrays([1, "b"], [0, 0], [], [], [])
    assert batch.boxes.shape == (0, 4)
    assert [column.dtype for column in batch.columns] == [np.float64, np.int64, np.float64]


ONE = [[0.0, 0.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (([1, 1], [1, 0], ONE, [1], [0.5]), "image_ids"),
        (([1.5], [1], ONE, [1], [0.5]), "image_ids[0]"),
        (([True], [1], ONE, [1], [0.5]), "image_ids[0]"),
        (([""], [1], ONE, [1], [0.5]), "image_ids[0]"),
        ((["é" * 257], [1], ONE, [1], [0.5]), "image_ids[0]"),
        (([2**63], [1], ONE, [1], [0.5]), "image_ids[0]"),
        (([1, 2], [1], ONE, [1], [0.5]), "counts"),
        (([1], [2], ONE, [1], [0.5]), "counts"),
        (([1, 2], [2, -1], ONE, [1], [0.5]), "counts"),
        (([1], [1.0], ONE, [1], [0.5]), "counts"),
        (([1], [1], ONE, [1, 2], [0.5]), "labels"),
        (([1], [1], ONE, [1.0], [0.5]), "labels"),
        (([1], [1], ONE, [1], [0.5, 0.5]), "scores"),
        (([1], [1], ONE, [1], ["0.5"]), "scores"),
        (([1], [1], [[0.0, 0, 1]], [1], [0.5]), "boxes"),
    ],
)
def test_a_fault_names_its_field(arguments: Sequence[Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Predictions.from_arrays(*arguments)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field} must be ")
