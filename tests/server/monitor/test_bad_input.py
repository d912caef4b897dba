"""Each row of the table in docs/monitors.md: what comes, what it is answered, what is counted."""

import time

import grpc
import pytest
from grpc import aio

from boxgauge.v1 import frames_pb2, monitor_pb2
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, only, predictions, truths
from tests.server.conftest import Serve

MINUTE, DAY = 60_000_000, 86_400_000_000
NOW = time.time_ns() // 1000
IMAGE = only(PREDICTIONS, 1)
SLICED = monitor_pb2.MonitorSettings(
    slices=[monitor_pb2.SliceKey(key="camera", max_values=2)],
    ring=monitor_pb2.RingSettings(minutes=5, hours=4, days=2),
    retention_s=86_400,
)


def code(status: grpc.StatusCode) -> int:
    value: int = status.value[0]
    return value


async def refused(calls: Calls, frames: frames_pb2.Frames, **asked: str) -> frames_pb2.FrameError:
    """Return the one error of a message of one frame."""
    (answer,) = await calls.observe(frames, **asked)
    assert answer.accepted == 0
    (error,) = answer.errors
    return error


async def test_a_prediction_late_by_months_is_refused(calls: Calls) -> None:
    await calls.create()
    await calls.observe(predictions(only(PREDICTIONS, 2), times_us={2: NOW}))
    error = await refused(calls, predictions(IMAGE, times_us={1: NOW - 90 * DAY}))
    assert (error.code, error.field) == (
        code(grpc.StatusCode.FAILED_PRECONDITION),
        "event_times_us",
    )
    assert error.value == str(NOW - 90 * DAY)
    assert await calls.outcomes() == {"late": 1}
    assert (await calls.report()).predicted_images == 1


async def test_a_clock_ahead_by_hours_is_refused_and_moves_no_window(calls: Calls) -> None:
    await calls.create()
    await calls.observe(predictions(only(PREDICTIONS, 2), times_us={2: NOW}))
    error = await refused(calls, predictions(IMAGE, times_us={1: NOW + 180 * MINUTE}))
    assert (error.code, error.field) == (code(grpc.StatusCode.INVALID_ARGUMENT), "event_times_us")
    assert (await calls.outcomes())["future"] == 1
    assert (await calls.report()).watermark_us == NOW


async def test_a_clock_behind_by_hours_counts_at_the_time_that_it_states(calls: Calls) -> None:
    await calls.create(
        asked=monitor_pb2.MonitorSettings(
            windows=[
                monitor_pb2.WindowSettings(name="1h", duration_s=3600),
                monitor_pb2.WindowSettings(name="all"),
            ]
        )
    )
    sides = only(PREDICTIONS, 1, 2)
    await calls.observe(predictions(sides, times_us={1: NOW - 180 * MINUTE, 2: NOW}))
    assert await calls.outcomes() == {}
    assert (await calls.report(window="1h")).predicted_images == 1
    assert (await calls.report(window="all")).predicted_images == 2


@pytest.mark.parametrize("time_us", [0, -5, -(2**63)])
async def test_a_time_before_1970_is_refused(calls: Calls, time_us: int) -> None:
    await calls.create()
    error = await refused(calls, predictions(IMAGE, times_us={1: time_us}))
    assert (error.field, error.value) == ("event_times_us", str(time_us))


async def test_duplicates_and_contradicting_duplicates_are_told_apart(calls: Calls) -> None:
    await calls.create()
    sent = predictions(IMAGE, revision=3, times_us={1: NOW})
    answers = await calls.observe(sent, sent, predictions(IMAGE, revision=2, times_us={1: NOW}))
    assert [(each.accepted, each.unchanged) for each in answers] == [(1, 0), (1, 1), (1, 1)]
    other = predictions({1: [(1, 0, 0, 5, 5, 0.5)]}, revision=3, times_us={1: NOW})
    error = await refused(calls, other)
    assert (error.code, error.field) == (code(grpc.StatusCode.ALREADY_EXISTS), "revision")
    at_another_time = predictions(IMAGE, revision=3, times_us={1: NOW - 1})
    assert (await refused(calls, at_another_time)).field == "revision"
    assert await calls.outcomes() == {"same": 1, "stale": 1, "conflict": 2}


async def test_an_unknown_class_is_refused_on_either_side(calls: Calls) -> None:
    await calls.create()
    error = await refused(calls, predictions({1: [(77, 0, 0, 5, 5, 0.5)]}))
    assert (error.field, error.value) == ("labels[0]", "77")
    error = await refused(calls, truths({1: [(78, 0, 0, 5, 5)]}))
    assert (error.side, error.value) == (frames_pb2.SIDE_GROUND_TRUTH, "78")
    assert await calls.outcomes() == {"unknown_class": 2}


async def test_more_slices_than_the_bound_are_folded_and_other_tags_dropped(calls: Calls) -> None:
    await calls.create(asked=SLICED)
    sides = dict.fromkeys(range(6), IMAGE[1])
    tags = {
        "camera": {k: f"c{k}" for k in range(6)},
        "weather": {0: "rain"},
    }
    await calls.observe(
        both(
            predictions(sides, times_us=dict.fromkeys(sides, NOW), tags=tags),
            truths(dict.fromkeys(range(6), TRUTHS[1])),
        )
    )
    assert await calls.outcomes() == {"folded_slice": 4, "dropped_tag": 1}
    listed = await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
    assert list(listed.monitors[0].slices) == ["camera=__other__", "camera=c0", "camera=c1"]
    images = {
        name: (await calls.report(slice=name)).images for name in ("", *listed.monitors[0].slices)
    }
    assert images == {"": 6, "camera=__other__": 4, "camera=c0": 1, "camera=c1": 1}
    with pytest.raises(aio.AioRpcError, match="no slice 'camera=c5'"):
        await calls.report(slice="camera=c5")


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        pytest.param({"camera": {1: "x" * 129}}, "tags[camera]", id="a long value"),
        pytest.param({"camera": {1: "a\x00b"}}, "tags[camera]", id="a control character"),
        pytest.param({"a b": {1: "x"}}, "tags.key", id="a malformed key"),
    ],
)
async def test_malformed_tags_are_refused(
    calls: Calls, tags: dict[str, dict[int | str, str]], field: str
) -> None:
    await calls.create(asked=SLICED)
    error = await refused(calls, predictions(IMAGE, times_us={1: NOW}, tags=tags))
    assert error.field == field
    assert await calls.outcomes() == {"invalid": 1}


async def test_labels_never_predicted_and_predictions_never_labelled_expire_and_are_counted(
    serve: Serve,
) -> None:
    async with serve() as (app, calls):
        await calls.create(asked=SLICED)
        old = NOW - 6 * DAY
        await calls.observe(
            both(
                predictions(only(PREDICTIONS, 1, 2), times_us={1: old, 2: old}),
                truths(only(TRUTHS, 1, 3)),
            )
        )
        assert (await calls.report()).images == 1
        await calls.observe(predictions({9: []}, times_us={9: NOW}))
        await app.book.tend()
        assert await calls.outcomes() == {
            "expired_unlabelled": 1,
            "expired_unpredicted": 1,
            "expired_joined": 1,
        }
        report = await calls.report()
        assert (report.images, report.labelled_images) == (0, 0)
        # Too late: the label of image 2 waits now, as one of an image never predicted.
        await calls.observe(truths(only(TRUTHS, 2)))
        assert (await calls.report()).images == 0


async def test_no_objects_is_a_label_and_no_label_is_none(calls: Calls) -> None:
    await calls.create()
    await calls.observe(
        both(predictions({1: [], 2: [], 3: [(1, 0, 0, 9, 9, 0.9)]}), truths({1: [], 3: []}))
    )
    report = await calls.report()
    assert (report.images, report.predicted_images) == (2, 3)
    assert report.label_coverage == pytest.approx(2 / 3)
    assert report.operating_point.false_positives == 1


async def test_what_is_retracted_is_gone_and_an_older_revision_does_not_come_back(
    calls: Calls,
) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    gone = truths({1: []}, revision=2)
    gone.ground_truths[0].retracted.append(True)
    await calls.observe(gone)
    report = await calls.report()
    assert (report.images, report.labelled_images) == (3, 3)
    (answer,) = await calls.observe(truths(only(TRUTHS, 1), revision=1))
    assert (answer.accepted, answer.unchanged) == (1, 1)
    assert (await calls.report()).images == 3
    await calls.observe(truths(only(TRUTHS, 1), revision=3))
    assert (await calls.report()).images == 4


async def test_a_retracted_side_with_boxes_is_refused(calls: Calls) -> None:
    await calls.create()
    message = predictions(IMAGE)
    message.predictions[0].retracted.append(True)
    error = await refused(calls, message)
    assert (error.field, error.value) == ("retracted", "3 boxes")


async def test_columns_of_another_length_refuse_the_batch(calls: Calls) -> None:
    await calls.create()
    for change in (
        {"event_times_us": [NOW]},
        {"clusters": ["a"]},
        {"retracted": [False]},
        {"tags": [frames_pb2.TagColumn(key="camera", values=["a"])]},
    ):
        message = predictions(only(PREDICTIONS, 1, 2))
        message.predictions[0].MergeFrom(frames_pb2.PredictionBatch(**change))
        (answer,) = await calls.observe(message)
        assert answer.accepted == 0
        assert {error.field.partition("[")[0] for error in answer.errors} == {*change}


async def test_predictions_cannot_say_where_a_label_comes_from(calls: Calls) -> None:
    await calls.create(
        asked=monitor_pb2.MonitorSettings(slices=[monitor_pb2.SliceKey(key="label_source")])
    )
    await calls.observe(
        both(
            predictions(IMAGE, tags={"label_source": {1: "audit"}}),
            truths(only(TRUTHS, 1), sources={1: "complaints"}),
        )
    )
    assert (await calls.report(slice="label_source=complaints")).images == 1
    with pytest.raises(aio.AioRpcError, match="no slice 'label_source=audit'"):
        await calls.report(slice="label_source=audit")
    assert await calls.outcomes() == {"dropped_tag": 1}
