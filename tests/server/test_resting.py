"""A stream that is turned away says why, even to a client that is still writing."""

import asyncio

import pytest
from grpc import aio

from boxgauge.client import AsyncMonitorClient, prediction_batch
from boxgauge.frames import NotFoundError
from boxgauge.server.app import App
from boxgauge.v1 import evaluation_pb2, frames_pb2, monitor_pb2
from tests.server.calls import Calls

ONE = prediction_batch([1], [1], [[0, 0, 5, 5]], [1], [0.5])


async def test_the_reason_reaches_a_client_that_writes_on(app: App) -> None:
    # Without rest grpc.aio's client made up another status four times in five.
    async with AsyncMonitorClient(app.address) as client:
        for _ in range(12):
            with pytest.raises(NotFoundError, match="there is no monitor 'nowhere'"):
                async for _ in client.observe("nowhere", [ONE] * 5, model="m"):
                    pass


async def test_who_never_stops_writing_is_turned_away_all_the_same(calls: Calls) -> None:
    call = calls.monitors.Observe()
    message = monitor_pb2.ObserveRequest(monitor="nowhere", model="m")
    message.frames.predictions.add(boxes=b"x" * 2**16)

    async def write_on() -> None:
        while True:
            await call.write(message)

    writing = asyncio.create_task(write_on())
    async with asyncio.timeout(20):
        assert (await call.code()).name in ("NOT_FOUND", "INTERNAL")
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_a_client_that_has_said_all_is_answered_at_once(calls: Calls) -> None:
    bad = evaluation_pb2.EvaluateRequest(frames=frames_pb2.Frames())
    call = calls.evaluation.Evaluate(iter([bad]))
    with pytest.raises(aio.AioRpcError, match="settings must be"):
        await call
