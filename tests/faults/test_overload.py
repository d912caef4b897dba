"""More than the service can do: who is refused, what it is told, and who is not held up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from boxgauge.client.status import error_from
from boxgauge.engine import Engine
from boxgauge.server.service.gate import Gate
from boxgauge.v1 import evaluation_pb2, monitor_pb2
from tests.faults.serving import serving, until
from tests.server.calls import CLASSES, PREDICTIONS, TRUTHS, Calls, both, predictions, truths

OWN = (("grpc.use_local_subchannel_pool", 1),)  # a connection of its own: another caller
WAITS_NOT = b"boxgauge_waiting_bytes 0.0\n"


def retry_s(error: aio.AioRpcError) -> float:
    """Return when the refusal says to try again."""
    status: Any = rpc_status.from_call(error)
    for detail in status.details:
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    pytest.fail("no RetryInfo")


async def open_stream(calls: Calls) -> Any:  # noqa: ANN401 (gRPC's calls have no types)
    """Begin a stream that has been answered once, and stays."""
    observing = calls.monitors.Observe()
    await observing.write(monitor_pb2.ObserveRequest(monitor="cam", model="m"))
    await observing.read()
    return observing


async def test_calls_beyond_the_bound_are_told_when_to_come_again(engine: Engine) -> None:
    async with serving(engine, max_concurrent_streams=16) as (app, calls):
        await calls.create()
        streams = [await open_stream(calls) for _ in range(14)]
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.report()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert retry_s(refused.value) > 0
        pushback = dict(refused.value.trailing_metadata() or ())["grpc-retry-pushback-ms"]
        assert int(pushback) == 1000 * retry_s(refused.value)
        assert error_from(refused.value, app.address).retry_after_s == retry_s(refused.value)
        # A probe is answered, and who has little comes in where who has much does not.
        health = health_pb2_grpc.HealthStub(calls.channel)
        answer = await health.Check(health_pb2.HealthCheckRequest())
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        async with aio.insecure_channel(app.address, options=OWN) as other:
            listed = await Calls(other).monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
            assert [each.name for each in listed.monitors] == ["cam"]
        for each in streams:
            each.cancel()


async def test_one_caller_with_many_streams_does_not_hold_up_another(engine: Engine) -> None:
    async with serving(engine) as (app, calls):
        await calls.create("cam")
        await calls.create("other")
        order: list[str] = []
        async with aio.insecure_channel(app.address, options=OWN) as channel:
            modest = Calls(channel)
            await modest.observe(monitor="other")  # connects

            async def greedy(k: int) -> None:
                sides = {1000 * k + n: [(1, 1, 1, 5, 5, 0.5)] for n in range(128)}
                await calls.observe(*[predictions(sides, revision=n) for n in range(8)])
                order.append("greedy")

            tasks = [asyncio.create_task(greedy(k)) for k in range(20)]
            # Once all of them are there and wait.
            await until(lambda: WAITS_NOT not in app.telemetry.text())
            await modest.observe(predictions(PREDICTIONS), monitor="other")
            order.append("modest")
            await asyncio.gather(*tasks)
        assert order.index("modest") < 15


async def test_what_waits_beyond_the_bound_is_refused_and_may_be_sent_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_shut = asyncio.Event()
    fits = Gate._fits
    monkeypatch.setattr(
        Gate, "_fits", lambda gate, granted: not is_shut.is_set() and fits(gate, granted)
    )
    async with serving(engine, max_waiting_bytes=2**20) as (_, calls):
        await calls.create()
        is_shut.set()
        large = predictions({k: [(1, 1, 1, 5, 5, 0.5)] * 100 for k in range(100)})
        sending = [asyncio.create_task(calls.observe(large)) for _ in range(4)]
        done, waiting = await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            assert_refused(each.exception())
        is_shut.clear()
        waiting.pop().cancel()  # and with room, the rest goes on
        async with asyncio.timeout(20):
            rest = await asyncio.gather(*waiting, return_exceptions=True)
        # What only arrives now may find no room either.
        late = [each for each in rest if isinstance(each, BaseException)]
        for error in late:
            assert_refused(error)
        assert len(late) < len(rest)


def assert_refused(error: BaseException | None) -> None:
    assert isinstance(error, aio.AioRpcError)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "max_waiting_bytes" in (error.details() or "")
    assert retry_s(error) > 0


async def test_who_waits_for_one_monitors_recovery_does_not_hold_up_another(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(engine, max_waiting_bytes=2**20) as (app, calls):
        await calls.create("behind")
        await calls.create("other")
        recovery = app.book.get("behind").recovery
        rebuild, go = recovery._rebuild, asyncio.Event()

        async def held_up() -> int:
            await go.wait()
            return await rebuild()

        monkeypatch.setattr(recovery, "_rebuild", held_up)
        monkeypatch.setattr(recovery, "_lacks", lambda: not go.is_set())
        recovery.begin()
        # More frames than may be under way, and more bytes than may wait for a recovery.
        ids = [range(100 * k, 100 * k + 100) for k in range(40)]
        small = [predictions({n: [(1, 1, 1, 5, 5, 0.5)] for n in some}) for some in ids]
        sending = [asyncio.create_task(calls.observe(each, monitor="behind")) for each in small]
        async with asyncio.timeout(20), aio.insecure_channel(app.address, options=OWN) as channel:
            await Calls(channel).observe(predictions(PREDICTIONS), monitor="other")
            await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        go.set()
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*sending, return_exceptions=True)
        refused = [each for each in answers if isinstance(each, BaseException)]
        for error in refused:
            assert isinstance(error, aio.AioRpcError)
            assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert 0 < len(refused) < len(sending)
        await until(lambda: WAITS_NOT in app.telemetry.text())


async def test_a_call_that_cannot_be_answered_in_time_is_not_begun(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(engine) as (app, calls):
        await calls.create()
        monkeypatch.setattr(Gate, "_is_late", lambda _gate, deadline: deadline < float("inf"))
        call = calls.monitors.Observe(timeout=60)
        await call.write(
            monitor_pb2.ObserveRequest(monitor="cam", model="m", frames=predictions(PREDICTIONS))
        )
        with pytest.raises(aio.AioRpcError) as refused:
            await call.read()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert app.book.get("cam").held_boxes == 0


async def test_messages_that_wait_are_dropped_with_their_stream(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(engine) as (app, calls):
        await calls.create()
        with monkeypatch.context() as patched:
            patched.setattr(Gate, "_fits", lambda _gate, _granted: False)
            observing = calls.monitors.Observe()
            request = monitor_pb2.ObserveRequest(
                monitor="cam", model="m", frames=predictions(PREDICTIONS)
            )
            await observing.write(request)
            await until(lambda: WAITS_NOT not in app.telemetry.text())
            observing.cancel()
            await until(lambda: WAITS_NOT in app.telemetry.text())
        await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
        assert (await calls.report()).images == len(PREDICTIONS)


async def test_an_evaluation_that_brings_nothing_more_does_not_hold_its_frames(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxgauge.server.service.evaluation.IDLE_S", 0.05)
    async with serving(engine) as (app, calls):

        async def requests() -> AsyncIterator[evaluation_pb2.EvaluateRequest]:
            settings = evaluation_pb2.EvaluateSettings(classes=CLASSES)
            yield evaluation_pb2.EvaluateRequest(settings=settings, frames=truths(TRUTHS))
            await asyncio.Event().wait()

        with pytest.raises(aio.AioRpcError) as ended:
            await calls.evaluation.Evaluate(requests())
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        assert "no message for 0.05 s" in (ended.value.details() or "")
        assert b"boxgauge_held_boxes 0.0\n" in app.telemetry.text()
