"""Monitors join predictions and ground truth, whatever the order, and report exactly."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc import aio

from boxgauge.v1 import frames_pb2, monitor_pb2, report_pb2
from tests.server.calls import (
    CLASSES,
    PREDICTIONS,
    TRUTHS,
    Calls,
    both,
    only,
    predictions,
    stream,
    truths,
)
from tests.server.conftest import Serve


async def whole_report(calls: Calls) -> report_pb2.Report:
    """Return the report of everything sent at once, to compare with."""
    await calls.create("whole")
    (answer,) = await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)), monitor="whole")
    assert (answer.accepted, answer.unchanged, list(answer.errors)) == (8, 0, [])
    return await calls.report("whole")


def assert_same(report: report_pb2.Report, expected: report_pb2.Report) -> None:
    """All bits are equal but those of the cross entropy, whose graph is float32.

    And what tells of when the frames came, which no event time says.
    """
    for each in (report, expected):
        each.ClearField("age_s")
        each.ClearField("watermark_us")
        each.ClearField("window")
        each.ClearField("label_delay")
    assert report.losses.bce == pytest.approx(expected.losses.bce, rel=1e-6)
    report.losses.bce = expected.losses.bce
    assert report == expected


async def test_a_report_counts_what_was_matched(calls: Calls) -> None:
    report = await whole_report(calls)
    point = report.operating_point
    assert (report.images, report.positives, report.detections) == (4, 5, 7)
    assert (point.true_positives, point.false_positives, point.false_negatives) == (4, 2, 1)
    assert report.label_coverage == 1
    assert 0 < report.statistics.ap <= report.statistics.ap50 <= 1
    assert not report.statistics.HasField("ap_large") or report.statistics.ap_large >= 0


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([truths(TRUTHS), predictions(PREDICTIONS)], id="labels first"),
        pytest.param([predictions(PREDICTIONS), truths(TRUTHS)], id="predictions first"),
        pytest.param(
            [
                both(predictions(only(PREDICTIONS, 2, "four")), truths(only(TRUTHS, 1))),
                both(predictions(only(PREDICTIONS, 3, 1)), truths(only(TRUTHS, "four", 3))),
                truths(only(TRUTHS, 2)),
            ],
            id="mixed",
        ),
        pytest.param(
            [
                part
                for image_id in ("four", 3, 1, 2)
                for part in (
                    truths(only(TRUTHS, image_id)),
                    predictions(only(PREDICTIONS, image_id)),
                )
            ],
            id="one by one, shuffled",
        ),
    ],
)
async def test_order_and_batching_do_not_change_the_report(
    calls: Calls, messages: list[frames_pb2.Frames]
) -> None:
    expected = await whole_report(calls)
    await calls.create()
    answers = await calls.observe(*messages)
    assert [answer.sequence for answer in answers] == list(range(len(messages)))
    assert_same(await calls.report(), expected)


async def test_two_streams_at_once_meet(calls: Calls) -> None:
    expected = await whole_report(calls)
    await calls.create()
    ids = list(TRUTHS)
    await asyncio.gather(
        calls.observe(*(predictions(only(PREDICTIONS, each)) for each in ids)),
        calls.observe(*(truths(only(TRUTHS, each)) for each in reversed(ids)), model=""),
    )
    assert_same(await calls.report(), expected)


async def test_ground_truth_joins_every_model(calls: Calls) -> None:
    expected = await whole_report(calls)
    await calls.create()
    await calls.observe(predictions(PREDICTIONS), model="a")
    await calls.observe(predictions(only(PREDICTIONS, 1)), model="b/2")
    await calls.observe(truths(TRUTHS), model="")
    assert_same(await calls.report(model="a"), expected)
    other = await calls.report(model="b/2")
    assert (other.images, other.predicted_images, other.labelled_images) == (1, 1, 4)
    with pytest.raises(aio.AioRpcError, match="one of a, b/2"):
        await calls.report()


async def test_a_bad_frame_is_answered_and_the_stream_goes_on(calls: Calls) -> None:
    await calls.create()
    bad = {
        1: [(1, 10, 10, 20, 20, 1.5)],
        2: [(1, 10, 10, -3.0, 20, 0.5)],
        3: [(9, 10, 10, 3, 20, 0.5)],
        4: [(1, float("nan"), 10, 3, 20, 0.5)],
        5: [(1, 10, 10, 3, 20, 0.5)],
    }
    answers = await calls.observe(predictions(bad), predictions(PREDICTIONS), truths(TRUTHS))
    first = answers[0]
    assert first.accepted == 1
    assert {error.image_id.integer: (error.field, error.value) for error in first.errors} == {
        1: ("scores[0]", "1.5"),
        2: ("boxes[0].w", "-3.0"),
        3: ("labels[0]", "9"),
        4: ("boxes[0].x", "nan"),
    }
    codes = {(error.code, error.side) for error in first.errors}
    assert codes == {(grpc.StatusCode.INVALID_ARGUMENT.value[0], frames_pb2.SIDE_PREDICTIONS)}
    assert [answer.accepted for answer in answers[1:]] == [4, 4]
    assert (await calls.report()).images == 4


async def test_the_same_again_changes_nothing_and_other_content_is_refused(calls: Calls) -> None:
    expected = await whole_report(calls)
    await calls.create()
    message = both(predictions(PREDICTIONS), truths(TRUTHS))
    other = predictions({1: [(1, 0, 0, 1, 1, 0.1)]})
    answers = await calls.observe(message, message, other)
    assert [(answer.accepted, answer.unchanged) for answer in answers] == [(8, 0), (8, 8), (0, 0)]
    (error,) = answers[2].errors
    assert (error.code, error.field) == (grpc.StatusCode.ALREADY_EXISTS.value[0], "revision")
    assert_same(await calls.report(), expected)


async def test_a_higher_revision_replaces_exactly_and_a_lower_one_is_stale(calls: Calls) -> None:
    expected = await whole_report(calls)
    await calls.create()
    wrong_truths = {1: [(2, 0, 0, 7, 7)], 2: [], "four": [(1, 0, 0, 9, 9)]}
    wrong_predictions = {2: [(2, 1, 1, 2, 2, 0.99)], 3: []}
    answers = await calls.observe(
        both(predictions(PREDICTIONS | wrong_predictions), truths(TRUTHS | wrong_truths)),
        predictions(PREDICTIONS, revision=2),
        truths(TRUTHS, revision=7),
        truths(wrong_truths, revision=3),
        predictions(wrong_predictions),
    )
    assert [(answer.accepted, answer.unchanged) for answer in answers] == [
        (8, 0),
        (4, 0),
        (4, 0),
        (3, 3),
        (2, 2),
    ]
    assert_same(await calls.report(), expected)


async def test_empty_sides_are_sides(calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions({1: [], 2: []}), truths({1: [], 2: []})))
    report = await calls.report()
    assert (report.images, report.positives, report.detections) == (2, 0, 0)
    assert not report.statistics.HasField("ap")
    assert not report.operating_point.HasField("precision")
    assert not report.operating_point.HasField("recall")
    assert not report.losses.HasField("giou")


async def test_an_empty_message_is_answered(calls: Calls) -> None:
    await calls.create()
    (answer,) = await calls.observe(frames_pb2.Frames(), model="")
    assert (answer.accepted, list(answer.errors)) == (0, [])


async def test_an_unknown_monitor_ends_the_stream_after_the_answers_before_it(
    calls: Calls,
) -> None:
    await calls.create()
    requests = [
        monitor_pb2.ObserveRequest(monitor=name, model="m", frames=truths(TRUTHS))
        for name in ("cam", "nowhere", "cam")
    ]
    call = calls.monitors.Observe(stream(requests))
    assert (await call.read()).accepted == 4
    with pytest.raises(aio.AioRpcError, match="nowhere") as refused:
        await call.read()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_unknown_names_are_not_found(calls: Calls) -> None:
    await calls.create()
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.report("nowhere")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.report("cam", "nobody")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.report("cam")
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="x"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_predictions_need_a_well_formed_model(calls: Calls) -> None:
    await calls.create()
    with pytest.raises(aio.AioRpcError, match="model must be") as refused:
        await calls.observe(predictions(PREDICTIONS), model="a b")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_creation_is_idempotent_and_settings_are_fixed(calls: Calls) -> None:
    first = await calls.create(score_threshold=0.25)
    assert first == await calls.create(score_threshold=0.25)
    assert first.settings.evaluation.max_detections == [1, 10, 100]
    assert first.settings.evaluation.score_threshold == 0.25
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.create(score_threshold=0.5)
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
    listed = await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
    assert [monitor.name for monitor in listed.monitors] == ["cam"]


@pytest.mark.parametrize(
    "evaluation",
    [
        {"iou_thresholds": [0.0]},
        {"iou_thresholds": [0.9, 0.5]},
        {"max_detections": [0]},
        {"score_threshold": float("nan")},
        {"score_threshold": 1.5},
        {"score_threshold": -0.1},
        {"areas": [report_pb2.AreaRange(name="", low=0, high=1)]},
        {"max_detections": range(1, 60_000)},
    ],
)
async def test_bad_settings_are_refused(calls: Calls, evaluation: dict[str, object]) -> None:
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.create(**evaluation)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("classes", "evaluation", "difference"),
    [
        (CLASSES, {"score_threshold": 0.25}, "score_threshold is 0.5, not 0.25"),
        (CLASSES, {"strict": True}, "strict is false, not true"),
        (CLASSES, {"max_detections": [1, 2]}, "max_detections is 1, 10, 100, not 1, 2"),
        (
            CLASSES,
            {"areas": [report_pb2.AreaRange(name="all", low=0, high=100)]},
            "areas are all=0..1e+10, small=0..1024, medium=1024..9216, large=9216..1e+10,"
            " not all=0..100",
        ),
        (
            [*CLASSES[:1], report_pb2.ObjectClass(id=2, name="cow")],
            {},
            "of the classes it has 2=dog where the request has 2=cow",
        ),
        (CLASSES[:1], {}, "of the classes it has 2=dog where the request has none"),
        (
            [report_pb2.ObjectClass(id=k, name=f"c{k}") for k in range(1000)],
            {},
            "of the classes it has 1=cat, 2=dog where the request has 0=c0, 1=c1, 2=c2, 3=c3,"
            " 4=c4, 5=c5, 6=c6, 7=c7, 8=c8, 9=c9 and 990 more",
        ),
    ],
)
async def test_a_name_that_is_taken_says_what_differs(
    calls: Calls,
    classes: list[report_pb2.ObjectClass],
    evaluation: dict[str, Any],
    difference: str,
) -> None:
    await calls.create()
    settings = monitor_pb2.MonitorSettings(
        classes=classes, evaluation=report_pb2.EvaluationSettings(**evaluation)
    )
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.monitors.CreateMonitor(
            monitor_pb2.CreateMonitorRequest(monitor="cam", settings=settings)
        )
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert refused.value.details() == f"monitor cam exists with other settings: {difference}"


async def test_reset_forgets_images_and_delete_forgets_the_monitor(calls: Calls) -> None:
    expected = await whole_report(calls)
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS | {1: []}), truths(TRUTHS)))
    await calls.monitors.ResetMonitor(monitor_pb2.ResetMonitorRequest(monitor="cam"))
    listed = (await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())).monitors
    assert (listed[0].name, listed[0].held_boxes, listed[0].labelled_images) == ("cam", 0, 0)
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    assert_same(await calls.report(), expected)
    await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="cam"))
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.report()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_the_bound_on_held_boxes_is_kept_and_freed(serve: Serve) -> None:
    async with serve(max_held_boxes=8) as (app, calls):
        await calls.create()
        (answer,) = await calls.observe(predictions(PREDICTIONS))
        assert answer.accepted == 4
        (answer,) = await calls.observe(truths(TRUTHS))
        codes = {error.code for error in answer.errors}
        assert codes == {grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]}
        assert answer.accepted == 2  # image 2 with one box, and the empty image 3
        assert b"boxgauge_held_boxes 8.0" in app.telemetry.text()
        # A smaller revision makes room again.
        (answer,) = await calls.observe(predictions({1: []}, revision=1))
        assert answer.accepted == 1
        (answer,) = await calls.observe(truths(only(TRUTHS, 1)))
        assert answer.accepted == 1
        await calls.monitors.ResetMonitor(monitor_pb2.ResetMonitorRequest(monitor="cam"))
        assert b"boxgauge_held_boxes 0.0" in app.telemetry.text()


async def test_empty_sides_are_bounded_too(serve: Serve) -> None:
    async with serve(max_held_images=2) as (_, calls):
        await calls.create()
        (answer,) = await calls.observe(truths({1: [], 2: [], 3: []}))
        assert (answer.accepted, len(answer.errors)) == (2, 1)
        assert answer.errors[0].field == "max_held_images"


async def test_an_image_with_too_many_pairs_is_refused_before_it_is_held(calls: Calls) -> None:
    await calls.create()
    many: list[tuple[float, ...]] = [(1, 0, 0, 1, 1)] * 10_001
    (answer,) = await calls.observe(
        both(
            predictions({1: [(1, 0, 0, 1, 1, 0.5)] * 200, 2: [(2, 0, 0, 1, 1, 0.5)] * 200}),
            truths({1: many, 2: many}),
        )
    )
    (error,) = answer.errors
    # Of one class and image, 100 detections are matched.
    assert (error.code, error.value) == (grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], "1000100")
    assert (error.side, error.image_id.integer) == (frames_pb2.SIDE_GROUND_TRUTH, 1)
    report = await calls.report()
    assert (report.images, report.detections) == (1, 200)


async def test_monitors_and_models_are_bounded(serve: Serve) -> None:
    async with serve(max_monitors=1, max_models=1) as (_, calls):
        await calls.create()
        with pytest.raises(aio.AioRpcError, match="max_monitors is 1") as refused:
            await calls.create("second")
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await calls.observe(predictions(only(PREDICTIONS, 1)))
        (answer,) = await calls.observe(
            both(predictions(only(PREDICTIONS, 1)), truths(only(TRUTHS, 1))), model="second"
        )
        assert (answer.accepted, len(answer.errors)) == (1, 1)
        assert answer.errors[0].code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


async def test_an_oversize_message_is_resource_exhausted(serve: Serve) -> None:
    async with serve(max_message_bytes=4096) as (_, calls):
        await calls.create()
        rows = [(1.0, 0.0, 0.0, 1.0, 1.0, 0.5)] * 200
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.observe(predictions({1: rows}))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_watch_answers_now_and_after_a_change(calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions(only(PREDICTIONS, 1)), truths(only(TRUTHS, 1))))
    watch = calls.monitors.WatchReport(
        monitor_pb2.WatchReportRequest(monitor="cam", interval_s=0.1)
    )
    assert (await watch.read()).report.images == 1
    await calls.observe(both(predictions(only(PREDICTIONS, 2)), truths(only(TRUTHS, 2))))
    second = await watch.read()
    assert (second.model, second.report.images) == ("m", 2)
    await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="cam"))
    with pytest.raises(aio.AioRpcError) as ended:
        await watch.read()
    assert ended.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("slice_name", ["", "camera=north"])
async def test_a_watch_goes_on_over_a_reset(calls: Calls, slice_name: str) -> None:
    slices = [monitor_pb2.SliceKey(key="camera")]
    await calls.create(asked=monitor_pb2.MonitorSettings(slices=slices))
    frames = predictions(PREDICTIONS, tags={"camera": dict.fromkeys(PREDICTIONS, "north")})
    await calls.observe(both(frames, truths(TRUTHS)))
    watch = calls.monitors.WatchReport(
        monitor_pb2.WatchReportRequest(monitor="cam", slice=slice_name, interval_s=0.1)
    )
    assert (await watch.read()).report.images == 4
    await calls.monitors.ResetMonitor(monitor_pb2.ResetMonitorRequest(monitor="cam"))
    following = asyncio.ensure_future(watch.read())
    # In some intervals, nothing is told of what is not there; such a watch ended at the first.
    await asyncio.wait({following}, timeout=0.5)
    assert not following.done()
    await calls.observe(both(frames, truths(TRUTHS)))
    assert (await asyncio.wait_for(following, 10)).report.images == 4
    await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="cam"))
    with pytest.raises(aio.AioRpcError) as ended:
        await watch.read()
    assert ended.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watch_wakes_up_however_many_other_reports_were_made(calls: Calls) -> None:
    windows = [monitor_pb2.WindowSettings(name=name) for name in "abc"]
    await calls.create(asked=monitor_pb2.MonitorSettings(windows=windows))
    for revision in range(3):
        await calls.observe(predictions(PREDICTIONS, revision=revision))
        for each in windows:
            await calls.report(window=each.name)
    watch = calls.monitors.WatchReport(
        monitor_pb2.WatchReportRequest(monitor="cam", window="c", interval_s=0.1)
    )
    assert (await watch.read()).report.images == 0
    await calls.observe(truths(TRUTHS))
    assert (await asyncio.wait_for(watch.read(), 10)).report.images == 4


async def test_a_watch_has_a_sane_interval(calls: Calls) -> None:
    await calls.create()
    request = monitor_pb2.WatchReportRequest(monitor="cam", interval_s=0.01)
    with pytest.raises(aio.AioRpcError, match="interval_s must be"):
        await calls.monitors.WatchReport(request).read()
