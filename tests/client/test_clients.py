import threading
from collections.abc import AsyncIterator, Iterator

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from boxgauge.client import (
    AsyncEvaluationClient,
    AsyncMonitorClient,
    EvaluationClient,
    EvaluationSettings,
    MonitorClient,
    prediction_batch,
)
from boxgauge.client.reports import report_from
from boxgauge.frames import (
    BoxGaugeError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
    UnavailableError,
)
from boxgauge.v1 import evaluation_pb2, frames_pb2, monitor_pb2, report_pb2

from .conftest import Peer

Requests = Iterator[monitor_pb2.ObserveRequest]
Responses = Iterator[monitor_pb2.ObserveResponse]
DEADLOCK_S = 20


def batch(image_id: int) -> frames_pb2.PredictionBatch:
    return prediction_batch([image_id], [1], [[0.0, 0, 1, 1]], [1], [0.5])


def status(code: grpc.StatusCode, message: str, *details: object) -> grpc.Status:
    made = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        made.details.append(packed)
    return rpc_status.to_status(made)


def test_answers_come_in_order(peer: Peer) -> None:
    with MonitorClient(peer.address) as client:
        answers = list(client.observe("cam", (batch(k) for k in range(50)), model="m", window=3))
    assert [answer.sequence for answer in answers] == list(range(50))
    assert {answer.accepted for answer in answers} == {1}


def test_no_more_than_the_window_is_on_its_way(peer: Peer) -> None:
    most, window = [0], 4
    sent, answered = [0], [0]
    gate = threading.Semaphore(0)

    def slowly(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            assert gate.acquire(timeout=DEADLOCK_S)
            answered[0] += 1
            yield monitor_pb2.ObserveResponse(sequence=request.sequence, accepted=1)

    def items() -> Iterator[frames_pb2.PredictionBatch]:
        for k in range(30):
            # The item that is being made waits for its place, hence one more than the window.
            sent[0] += 1
            most[0] = max(most[0], sent[0] - answered[0])
            gate.release()
            yield batch(k)

    peer.observe = slowly
    with MonitorClient(peer.address) as client:
        assert len(list(client.observe("cam", items(), model="m", window=window))) == 30
    assert most[0] <= window + 1


def test_a_refused_frame_is_an_answer_and_the_stream_goes_on(peer: Peer) -> None:
    def refuse_the_first(requests: Requests, context: grpc.ServicerContext) -> Responses:
        for request in requests:
            refused = frames_pb2.FrameError(
                side=frames_pb2.SIDE_PREDICTIONS,
                image_id=frames_pb2.ImageId(integer=0),
                code=3,
                message="scores[0] must be a probability in [0, 1]: got 1.5",
                field="scores[0]",
                value="1.5",
            )
            first = request.sequence == 0
            yield monitor_pb2.ObserveResponse(
                sequence=request.sequence,
                accepted=0 if first else 1,
                errors=[refused] if first else [],
            )

    peer.observe = refuse_the_first
    with MonitorClient(peer.address) as client:
        first, second = client.observe("cam", [batch(0), batch(1)], model="m")
    (refused,) = first.refused
    assert (refused.side, refused.image_id, refused.field) == ("predictions", 0, "scores[0]")
    assert second.accepted == 1


class SourceError(Exception):
    pass


def failing() -> Iterator[frames_pb2.PredictionBatch]:
    yield batch(0)
    raise SourceError("the camera is gone")


def test_what_the_source_raises_is_raised_here(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    with MonitorClient(peer.address) as client, pytest.raises(SourceError):
        list(client.observe("cam", failing(), model="m"))
    with EvaluationClient(peer.address) as client, pytest.raises(SourceError):
        client.evaluate({1: "cat"}, failing())
    assert caplog.records == []


def test_a_caller_may_leave_early(peer: Peer) -> None:
    ended = threading.Event()

    def endless() -> Iterator[frames_pb2.PredictionBatch]:
        try:
            k = 0
            while True:
                yield batch(k)
                k += 1
        finally:
            ended.set()

    with MonitorClient(peer.address) as client:
        answers = client.observe("cam", endless(), model="m", window=2)
        assert next(answers).sequence == 0
        answers.close()
    assert ended.wait(DEADLOCK_S)


def test_a_broken_stream_is_an_error(peer: Peer) -> None:
    def break_off(requests: Requests, context: grpc.ServicerContext) -> Responses:
        yield monitor_pb2.ObserveResponse(sequence=next(requests).sequence, accepted=1)
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "held boxes must be fewer")

    peer.observe = break_off
    with MonitorClient(peer.address) as client:
        answers = client.observe("cam", (batch(k) for k in range(9)), model="m", window=2)
        assert next(answers).accepted == 1
        with pytest.raises(ResourceExhaustedError, match="held boxes"):
            list(answers)


def test_details_name_field_and_value(peer: Peer) -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="classes.id", description="?")
    peer.status = status(
        grpc.StatusCode.INVALID_ARGUMENT,
        "classes.id must be distinct: got 7",
        error_details_pb2.ErrorInfo(metadata={"field": "classes.id", "value": "7"}),
        error_details_pb2.BadRequest(field_violations=[violation]),
    )
    with MonitorClient(peer.address) as client, pytest.raises(InvalidInputError) as caught:
        client.create_monitor("cam", {7: "cat"})
    assert str(caught.value) == "classes.id must be distinct: got 7"
    assert (caught.value.field, caught.value.value) == ("classes.id", "7")


def test_a_name_that_is_not_there_is_told_by_its_details(peer: Peer) -> None:
    info = error_details_pb2.ErrorInfo(metadata={"field": "monitor", "value": "cam"})
    peer.status = status(grpc.StatusCode.NOT_FOUND, "no monitor cam", info)
    with MonitorClient(peer.address) as client, pytest.raises(NotFoundError) as caught:
        client.create_monitor("cam", {7: "cat"})
    assert (caught.value.field, caught.value.value) == ("monitor", "cam")


def test_another_status_is_still_our_error(peer: Peer) -> None:
    peer.status = status(grpc.StatusCode.ABORTED, "gone")
    with (
        MonitorClient(peer.address) as client,
        pytest.raises(BoxGaugeError, match="ABORTED: gone"),
    ):
        client.create_monitor("cam", {7: "cat"})


def test_nobody_there_is_said_so() -> None:
    with (
        MonitorClient("127.0.0.1:1", timeout_s=10) as client,
        pytest.raises(UnavailableError, match=r"nothing answers at 127\.0\.0\.1:1"),
    ):
        client.list_monitors()


def test_an_evaluation_sends_settings_first(peer: Peer) -> None:
    peer.evaluation = evaluation_pb2.EvaluateResponse(
        report=report_pb2.Report(statistics=report_pb2.Statistics(ap=0.25)), dropped_detections=3
    )
    settings = EvaluationSettings(areas=[("all", 0, 1e10)], score_threshold=0.25, strict=True)
    with EvaluationClient(peer.address) as client:
        result = client.evaluate({1: "cat"}, [batch(1), [batch(2), batch(3)]], settings)
    first, second, third = peer.requests
    assert isinstance(first, evaluation_pb2.EvaluateRequest)
    assert first.settings.evaluation.areas[0].high == 1e10
    assert first.settings.evaluation.score_threshold == 0.25
    assert [len(each.frames.predictions) for each in (second, third)] == [1, 2]  # type: ignore[attr-defined]
    assert result.dropped_detections == 3
    assert result.report.statistics["AP"] == 0.25
    assert result.report.statistics["AP50"] is None


def test_a_refused_evaluation_is_an_error(peer: Peer) -> None:
    peer.status = status(grpc.StatusCode.INVALID_ARGUMENT, "boxes[0].w must be at least 0")
    with EvaluationClient(peer.address) as client, pytest.raises(InvalidInputError):
        client.evaluate({1: "cat"}, (batch(k) for k in range(1000)))


def test_zero_is_not_absent() -> None:
    message = report_pb2.Report(
        statistics=report_pb2.Statistics(ap=0.0), losses=report_pb2.MeanLosses(giou=0.0)
    )
    report = report_from(message)
    assert report.statistics["AP"] == 0.0
    assert report.statistics["ARl"] is None
    assert (report.losses.giou, report.losses.bce) == (0.0, None)
    assert report.label_coverage is None


async def test_async_answers_come_in_order(peer: Peer) -> None:
    async def batches() -> AsyncIterator[frames_pb2.PredictionBatch]:
        for k in range(50):
            yield batch(k)

    async with AsyncMonitorClient(peer.address) as client:
        made = await client.create_monitor("cam", {1: "cat"})
        assert (made.name, made.classes) == ("cam", {1: "cat"})
        answers = client.observe("cam", batches(), model="m", window=3)
        assert [each.sequence async for each in answers] == list(range(50))


async def test_async_raises_what_the_source_raises(peer: Peer) -> None:
    async with AsyncMonitorClient(peer.address) as client:
        with pytest.raises(SourceError):
            async for _ in client.observe("cam", failing(), model="m"):
                pass
    async with AsyncEvaluationClient(peer.address) as client:
        with pytest.raises(SourceError):
            await client.evaluate({1: "cat"}, failing())


async def test_async_says_how_a_stream_broke(peer: Peer) -> None:
    def break_off(requests: Requests, context: grpc.ServicerContext) -> Responses:
        yield monitor_pb2.ObserveResponse(sequence=next(requests).sequence, accepted=1)
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "held boxes must be fewer")

    peer.observe = break_off
    async with AsyncMonitorClient(peer.address) as client:
        with pytest.raises(ResourceExhaustedError, match="held boxes"):
            async for _ in client.observe("cam", (batch(k) for k in range(99)), window=2):
                pass


async def test_async_callers_may_leave_early(peer: Peer) -> None:
    async with AsyncMonitorClient(peer.address) as client:
        answers = client.observe("cam", (batch(k) for k in range(10**9)), window=2)
        assert (await anext(answers)).sequence == 0
        await answers.aclose()


async def test_async_evaluation_agrees(peer: Peer) -> None:
    peer.evaluation = evaluation_pb2.EvaluateResponse(dropped_detections=3)
    async with AsyncEvaluationClient(peer.address) as client:
        result = await client.evaluate({1: "cat"}, [batch(1)])
        assert result.dropped_detections == 3
        peer.status = status(grpc.StatusCode.INVALID_ARGUMENT, "boxes[0].w must be at least 0")
        with pytest.raises(InvalidInputError, match=r"boxes\[0\]\.w"):
            await client.evaluate({1: "cat"}, (batch(k) for k in range(1000)))
