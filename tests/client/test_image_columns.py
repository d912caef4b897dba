"""What is said of an image beside its boxes travels as given, or is refused by name."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxgauge.client import ground_truth_batch, prediction_batch
from boxgauge.client.image_columns import event_time_us
from boxgauge.frames import InvalidInputError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def predicted(**said: Any) -> Any:  # noqa: ANN401
    return prediction_batch([1, 2], [0, 0], [], [], [], **said)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_datetime_keeps_its_microseconds(moment: datetime) -> None:
    assert EPOCH + timedelta(microseconds=event_time_us(moment)) == moment


@given(st.integers(0, 2**51))
def test_seconds_of_this_century_keep_their_microseconds(moment_us: int) -> None:
    assert event_time_us(moment_us / 1e6) == moment_us


def test_one_moment_in_two_zones_is_one_moment() -> None:
    there = datetime(2026, 11, 27, 9, tzinfo=timezone(timedelta(hours=1)))
    assert event_time_us(there) == event_time_us(datetime(2026, 11, 27, 8, tzinfo=UTC))


def test_everything_said_is_sent() -> None:
    batch = predicted(
        event_times=[1.5, datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)],
        tags={"camera": ["north", ""], "site": ["a", "b"]},
        clusters=np.array(["video 7", ""]),
        retracted=np.array([False, True]),
    )
    assert list(batch.event_times_us) == [1_500_000, 2_000_000]
    assert {tag.key: list(tag.values) for tag in batch.tags} == {
        "camera": ["north", ""],
        "site": ["a", "b"],
    }
    assert list(batch.clusters) == ["video 7", ""]
    assert list(batch.retracted) == [False, True]
    truth = ground_truth_batch([1], [0], [], [], sources=["random"], retracted=[True])
    assert (list(truth.sources), list(truth.retracted)) == (["random"], [True])


def test_what_is_not_said_is_not_sent() -> None:
    batch = predicted()
    assert not any((batch.event_times_us, batch.tags, batch.clusters, batch.retracted))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"event_times": [1.0]}, "event_times must be one for each of 2 images, or none: got 1 "),
        ({"event_times": [datetime(2026, 1, 1), 1]}, r"event_times\[0\] must be a datetime with "),  # noqa: DTZ001
        ({"event_times": [1, "noon"]}, r"event_times\[1\] must be seconds since 1970, .* 'noon'"),
        ({"event_times": [1, float("nan")]}, r"event_times\[1\] must be a finite number"),
        ({"event_times": [1, 1e300]}, r"event_times\[1\] must be a finite number"),
        ({"event_times": [1, True]}, r"event_times\[1\] must be seconds since 1970"),
        ({"event_times": 7}, "event_times must be a list: got 7"),
        ({"tags": ["camera"]}, "tags must be lists of values by key: got"),
        ({"tags": {"camera": []}}, r"tags\[camera\] must be one for each of 2 images: got 0"),
        ({"tags": {"camera": "ab"}}, r"tags\[camera\] must be a list: got 'ab'"),
        ({"tags": {"my camera": ["a", "b"]}}, "tags must be keyed by 1 to 64 letters, .*'my camer"),
        ({"tags": {"camera": ["a", 3]}}, r"tags\[camera\]\[1\] must be a text: got 3"),
        ({"tags": {"camera": ["a", "é" * 65]}}, r"tags\[camera\]\[1\] must be a text of at most"),
        ({"clusters": ["a"]}, "clusters must be one for each of 2 images, or none: got 1 clusters"),
        ({"clusters": ["a", "\ud800"]}, r"clusters\[1\] must be Unicode text"),
        ({"retracted": [True]}, "retracted must be one for each of 2 images, or none"),
        ({"retracted": [True, 1]}, r"retracted\[1\] must be true or false: got 1"),
    ],
)
def test_what_cannot_be_said_is_named(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{message}"):
        predicted(**said)


def test_what_is_taken_out_has_no_boxes() -> None:
    box = [[0.0, 0, 1, 1]]
    with pytest.raises(InvalidInputError, match=r"^counts\[0\] must be 0, for the image is retra"):
        prediction_batch([1], [1], box, [1], [0.5], retracted=[True])
    with pytest.raises(InvalidInputError, match=r"^counts\[1\] must be 0, for the image is retra"):
        ground_truth_batch([1, 2], [0, 1], box, [1], retracted=[True, True])
