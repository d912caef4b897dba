"""Frames that are put together into columns are the frames that were recorded."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.client.feed.frames_in import (
    FrameBatch,
    frame_from,
    ground_truth_of,
    image_id_of,
    predictions_of,
)
from boxgauge.client.feed.merging import Message
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import frames_pb2 as pb

WIDTHS = {pb.FLOAT_TYPE_FLOAT32: 4, pb.FLOAT_TYPE_FLOAT64: 8}


def recorded(seed: int) -> bytes:
    """Return a frame of any kind; few values, so that frames often have something in common."""
    random = np.random.default_rng(seed)
    image_id = str(random.integers(30)) if random.random() < 0.4 else int(random.integers(30))
    rows = int(random.integers(4))
    float_type = random.choice([np.float32, np.float64])
    boxes = random.random((rows, 4)).astype(float_type)
    labels = random.integers(0, 9, rows)
    common: dict[str, Any] = {
        "revision": int(random.integers(3)),
        "box_format": random.choice(["xywh", "xyxy"]),
        "retracted": bool(rows == 0 and random.random() < 0.5),
    }
    if random.random() < 0.5:
        keys = [key for key in ("camera", "site") if random.random() < 0.5]
        return predictions_of(
            image_id,
            boxes,
            labels,
            random.random(rows).astype(float_type),
            taken_at=int(random.integers(10**9)),
            tags={key: str(random.choice(["", "a", "b"])) for key in keys},
            cluster=str(random.choice(["", "a", "b"])),
            **common,
        )
    return ground_truth_of(
        image_id,
        boxes,
        labels,
        areas=[1.0] * rows if random.random() < 0.5 else None,
        crowd=[True] * rows if random.random() < 0.5 else None,
        source=str(random.choice(["", "random"])),
        **common,
    )


def rows_of(batch: FrameBatch) -> list[tuple[Any, ...]]:
    """Return each image of a batch with everything that is said of it, as plain values."""
    ids = [*batch.image_ids.integers, *batch.image_ids.strings]
    assert len(ids) == len(batch.counts)
    found, at = [], 0
    for k, count in enumerate(batch.counts):
        columns: dict[str, Any] = {}
        for name in ("boxes", "scores", "labels", "areas", "crowd", "ignore", "ids"):
            raw = getattr(batch, name, b"")
            width = {"crowd": 1, "ignore": 1}.get(name, 8)
            if name == "boxes":
                width = 4 * WIDTHS[batch.box_type]
            elif name == "scores" and isinstance(batch, pb.PredictionBatch):
                width = WIDTHS[batch.score_type]
            columns[name] = raw[at * width : (at + count) * width].hex() if count else ""
        said: dict[str, Any] = {
            name: (getattr(batch, name)[k] if getattr(batch, name, ()) else default)
            for name, default in (("clusters", ""), ("sources", ""), ("retracted", False))
        }
        said["revision"] = batch.revisions[k]
        said["type"] = batch.box_type if count else None
        if isinstance(batch, pb.PredictionBatch):
            said["time"] = batch.event_times_us[k]
            said["tags"] = {tag.key: tag.values[k] for tag in batch.tags if tag.values[k]}
        found.append((type(batch).__name__, ids[k], count, batch.box_format, columns, said))
        at += count
    return found


@given(st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_a_message_says_what_its_frames_said(seeds: list[int]) -> None:
    message, taken = Message(), []
    for seed in seeds:
        frame = frame_from(recorded(seed))
        if message.add(frame):
            taken += rows_of(frame)
    batches = message.batches()
    for batch in batches:
        ids = [*batch.image_ids.integers, *batch.image_ids.strings]
        assert len(set(ids)) == len(ids)
        assert not (batch.image_ids.integers and batch.image_ids.strings)
    found = [row for batch in batches for row in rows_of(batch)]
    assert sorted(found, key=repr) == sorted(taken, key=repr)
    assert len(message) == len(taken)


def test_one_side_of_an_image_is_in_a_message_once() -> None:
    message = Message()
    assert message.add(frame_from(predictions_of(1, revision=0)))
    assert message.add(frame_from(ground_truth_of(1)))
    assert not message.add(frame_from(predictions_of(1, revision=1)))
    assert message.add(frame_from(predictions_of("1", revision=1)))
    assert len(message) == 3


def test_frames_that_differ_in_nothing_but_content_are_one_batch() -> None:
    message = Message()
    for k in range(10):
        boxes = np.ones((k, 4), np.float32)
        message.add(frame_from(predictions_of(k, boxes, [1] * k, np.ones(k, np.float32))))
    (only,) = message.batches()
    assert list(only.counts) == list(range(10))


def test_the_time_is_fixed_when_a_frame_is_recorded() -> None:
    first, second = frame_from(predictions_of(1)), frame_from(predictions_of(1, taken_at=5))
    assert isinstance(first, pb.PredictionBatch)
    assert isinstance(second, pb.PredictionBatch)
    assert first.event_times_us[0] > 10**15
    assert list(second.event_times_us) == [5_000_000]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"boxes": [1, 2, 3, 4]}, r"^boxes must be of shape \[4, 4\]: got \[4\]"),
        ({"boxes": 7}, "^boxes must be of shape"),
        ({"boxes": [[1, 2, 3, 4]], "labels": [1, 2], "scores": [1]}, "^labels must be of shape"),
        ({"tags": ["camera"]}, "^tags must be values by key: got"),
        ({"tags": {"camera": 3}}, r"^tags\[camera\]\[0\] must be a text: got 3"),
        ({"taken_at": "noon"}, r"^event_times\[0\] must be seconds since 1970"),
        ({"cluster": "x" * 129}, r"^clusters\[0\] must be a text of at most 128 bytes"),
        ({"revision": -1}, r"^revisions\[0\] must be at least 0"),
    ],
)
def test_what_cannot_be_recorded_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        predictions_of(1, **arguments)


def test_an_image_id_comes_back() -> None:
    assert image_id_of(frame_from(predictions_of("a"))) == "a"
    assert image_id_of(frame_from(ground_truth_of(0))) == 0
