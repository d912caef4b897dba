"""An evaluation is the report of a closed set of frames, and keeps nothing."""

from typing import Any

import grpc
import pytest
from grpc import aio

from boxgauge.server.app import App
from boxgauge.v1 import evaluation_pb2 as pb
from boxgauge.v1 import frames_pb2, monitor_pb2, report_pb2
from tests.server.calls import (
    CLASSES,
    PREDICTIONS,
    TRUTHS,
    Calls,
    Sides,
    both,
    only,
    predictions,
    stream,
    truths,
)
from tests.server.conftest import Serve

SETTINGS = pb.EvaluateSettings(classes=CLASSES)


async def evaluate(
    calls: Calls,
    *frames: frames_pb2.Frames,
    settings: report_pb2.EvaluationSettings | None = None,
) -> pb.EvaluateResponse:
    given = pb.EvaluateSettings(classes=CLASSES, evaluation=settings)
    requests = [pb.EvaluateRequest(settings=given)]
    requests += [pb.EvaluateRequest(frames=each) for each in frames]
    answer: pb.EvaluateResponse = await calls.evaluation.Evaluate(stream(requests))
    return answer


async def test_an_evaluation_equals_a_monitor_s_report(calls: Calls) -> None:
    settings = report_pb2.EvaluationSettings(max_detections=[1, 2, 5])
    await calls.create(max_detections=[1, 2, 5])
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    report = await calls.report()
    assert report.notes == ["AP is given for the last maximum; pycocotools needs 100 among them"]
    parts = [truths(only(TRUTHS, each)) for each in TRUTHS]
    answer = await evaluate(calls, *parts, predictions(PREDICTIONS), settings=settings)
    # A monitor says more; all that an evaluation says, it says in the same bits.
    merged = report_pb2.Report()
    merged.CopyFrom(report)
    for field, _ in report.ListFields():
        if field.number > report_pb2.Report.NOTES_FIELD_NUMBER or field.name in (
            "predicted_images",
            "labelled_images",
            "label_coverage",
        ):
            merged.ClearField(field.name)
    for each in merged.classes:
        each.ClearField("ap_confidence")
        each.ClearField("best_threshold")
    assert answer.report == merged
    assert answer.dropped_detections == 0


async def test_a_missing_side_counts_as_empty(calls: Calls) -> None:
    answer = await evaluate(calls, truths(only(TRUTHS, 1)), predictions(only(PREDICTIONS, 3)))
    assert (answer.report.images, answer.report.positives, answer.report.detections) == (2, 2, 1)
    assert answer.report.statistics.ap == 0


async def test_other_classes_are_dropped_and_counted_and_any_finite_score_will_do(
    calls: Calls,
) -> None:
    sides: Sides = {1: [(77, 0, 0, 5, 5, 0.5), (1, 10, 10, 20, 20, 12.5)]}
    answer = await evaluate(calls, truths(only(TRUTHS, 1)), predictions(sides))
    assert (answer.dropped_detections, answer.report.detections) == (1, 1)
    assert answer.report.operating_point.true_positives == 1


async def test_an_evaluation_of_nothing_is_a_report_without_values(calls: Calls) -> None:
    answer = await evaluate(calls)
    assert answer.report.images == 0
    assert answer.report.statistics == report_pb2.Statistics()


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        pytest.param([], "settings", id="no message"),
        pytest.param([pb.EvaluateRequest()], "settings", id="no settings"),
        pytest.param([pb.EvaluateRequest(settings=SETTINGS)] * 2, "settings", id="settings twice"),
        pytest.param(
            [
                pb.EvaluateRequest(settings=SETTINGS, frames=truths(TRUTHS)),
                pb.EvaluateRequest(frames=truths(only(TRUTHS, 2))),
            ],
            "ground_truths",
            id="a side twice",
        ),
        pytest.param(
            [
                pb.EvaluateRequest(
                    settings=SETTINGS,
                    frames=predictions({"a": [(1, 0, 0, 1, 1, float("inf"))]}),
                )
            ],
            "predictions['a'].scores[0]",
            id="an infinite score",
        ),
    ],
)
async def test_a_bad_call_ends_with_invalid_argument(
    calls: Calls, requests: list[Any], field: str
) -> None:
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.evaluation.Evaluate(stream(requests))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in str(refused.value.trailing_metadata())


async def test_a_cancelled_evaluation_gives_back_what_it_held(app: App, calls: Calls) -> None:
    call = calls.evaluation.Evaluate()
    await call.write(pb.EvaluateRequest(settings=SETTINGS, frames=truths(TRUTHS)))
    while b"boxgauge_held_boxes 5.0" not in app.telemetry.text():
        await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())  # lets it work
    call.cancel()
    while b"boxgauge_held_boxes 0.0" not in app.telemetry.text():
        await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())  # lets it work


async def test_frames_being_gathered_are_bounded_and_given_back(serve: Serve) -> None:
    async with serve(max_held_boxes=4) as (app, calls):
        with pytest.raises(aio.AioRpcError, match="max_held_boxes is 4") as refused:
            await evaluate(calls, truths(TRUTHS))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert b"boxgauge_held_boxes 0.0" in app.telemetry.text()
