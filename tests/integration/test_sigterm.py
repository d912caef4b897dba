"""SIGTERM drains: what runs may finish, what was acknowledged was reported, and it is quick."""

import asyncio
import signal
import time
from pathlib import Path

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boxgauge.v1 import monitor_pb2
from tests.integration.servers import served
from tests.server.calls import Calls, both, predictions, truths

DRAIN_S = 5.0  # what the container's manager waits at most
ROW = (1, 10, 10, 20, 20)


def message(image: int, monitor: str = "cam") -> monitor_pb2.ObserveRequest:
    sides = both(predictions({image: [(*ROW, 0.9)]}), truths({image: [ROW]}))
    return monitor_pb2.ObserveRequest(monitor=monitor, model="m", sequence=image, frames=sides)


async def test_open_streams_finish_and_the_process_ends_in_time(graphs_dir: Path) -> None:
    with served(graphs_dir) as service:
        async with aio.insecure_channel(service.address) as channel:
            calls = Calls(channel)
            await calls.create()
            health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            assert (await health.read()).status == health_pb2.HealthCheckResponse.SERVING

            idle, busy = calls.monitors.Observe(), calls.monitors.Observe()
            for stream, images in ((idle, range(1)), (busy, range(1, 20))):
                for image in images:
                    await stream.write(message(image))
                    answer = await stream.read()
                    assert (answer.sequence, answer.accepted) == (image, 2)
            # Acknowledged is reported: with no more than the acknowledgement in hand.
            assert (await calls.report()).images == 20

            started = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            assert (await health.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            # What a stream under way still brings is taken and acknowledged.
            for image in range(20, 40):
                await busy.write(message(image))
            await busy.done_writing()
            assert [answer.sequence async for answer in busy] == list(range(20, 40))
            # The idle stream ends with the process, not the other way round.
            with pytest.raises(aio.AioRpcError) as ended:
                await idle.read()
            assert ended.value.code() in (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.CANCELLED,
            )
            status = await asyncio.to_thread(service.process.wait, DRAIN_S)
            assert (status, time.monotonic() - started < DRAIN_S) == (0, True)


async def test_new_calls_are_refused_while_it_drains(graphs_dir: Path) -> None:
    with served(graphs_dir) as service:
        async with aio.insecure_channel(service.address) as channel:
            calls = Calls(channel)
            await calls.create()
            held = calls.monitors.Observe()
            await held.write(message(1))
            assert (await held.read()).accepted == 2
            health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            await health.read()
            service.process.send_signal(signal.SIGTERM)
            assert (await health.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            # Watching is over once the server has stopped listening.
            async for _ in health:
                pass
            with pytest.raises(aio.AioRpcError) as refused:
                await calls.report()
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            held.cancel()
            assert await asyncio.to_thread(service.process.wait, DRAIN_S) == 0


async def test_a_flood_is_either_acknowledged_or_ended_never_hung(graphs_dir: Path) -> None:
    with served(graphs_dir, drain_s=1) as service:
        async with aio.insecure_channel(service.address) as channel:
            calls = Calls(channel)
            await calls.create()
            flood = calls.monitors.Observe()
            acknowledged = asyncio.Event()
            taken: list[int] = []

            async def send() -> None:
                image = 0
                while True:
                    await flood.write(message(image))
                    image += 1

            async def receive() -> None:
                async for answer in flood:
                    assert answer.accepted == 2
                    taken.append(answer.sequence)
                    if len(taken) == 50:
                        acknowledged.set()

            sending, receiving = asyncio.create_task(send()), asyncio.create_task(receive())
            await asyncio.wait_for(acknowledged.wait(), 30)
            started = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            with pytest.raises(aio.AioRpcError) as ended:
                await receiving
            assert ended.value.code() in (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.CANCELLED,
            )
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            status = await asyncio.to_thread(service.process.wait, DRAIN_S)
            assert (status, time.monotonic() - started < DRAIN_S) == (0, True)
            # In order and without a gap, up to the last one acknowledged.
            assert taken == list(range(len(taken)))
