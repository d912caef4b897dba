"""SIGTERM drains: what runs may finish, what was acknowledged was reported, and it is quick."""

import asyncio
import signal
import time
from itertools import count
from pathlib import Path

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from boxgauge.client import Batch, MonitorClient, ground_truth_batch, prediction_batch
from boxgauge.frames import UnavailableError
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
            assert [(await busy.read()).sequence for _ in range(20)] == list(range(20, 40))
            assert await busy.read() is aio.EOF
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
    with served(graphs_dir, drain_s=1) as service:
        async with aio.insecure_channel(service.address) as channel:
            calls = Calls(channel)
            await calls.create()
            held = calls.monitors.Observe()
            await held.write(message(1))
            assert (await held.read()).accepted == 2
            request = monitor_pb2.WatchReportRequest(monitor="cam", interval_s=3600)
            watch = calls.monitors.WatchReport(request)
            assert (await watch.read()).report.images == 1
            health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            await health.read()
            service.process.send_signal(signal.SIGTERM)
            assert (await health.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            # Watching ends once the service takes no more calls.
            with pytest.raises(aio.AioRpcError, match="the service is stopping"):
                await watch.read()
            with pytest.raises(aio.AioRpcError) as refused:
                await calls.report()
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
            held.cancel()
            assert await asyncio.to_thread(service.process.wait, DRAIN_S) == 0


def test_a_flood_ends_in_time_and_leaves_no_gap(graphs_dir: Path) -> None:
    """A client that never stops sending must not keep the process alive."""
    with served(graphs_dir, drain_s=1) as service, MonitorClient(service.address) as client:
        client.create_monitor("cam", {1: "cat"})
        taken: list[int] = []
        signalled: list[float] = []

        def flood() -> None:
            for answer in client.observe("cam", map(batches, count()), model="m"):
                assert (answer.accepted, answer.refused) == (2, ())
                taken.append(answer.sequence)
                if len(taken) == 50:
                    signalled.append(time.monotonic())
                    service.process.send_signal(signal.SIGTERM)

        with pytest.raises(UnavailableError):
            flood()
        assert service.process.wait(DRAIN_S) == 0
        assert time.monotonic() - signalled[0] < DRAIN_S
        assert taken == list(range(len(taken)))


def batches(image: int) -> list[Batch]:
    return [
        prediction_batch([image], [1], [ROW[1:]], [ROW[0]], [0.9]),
        ground_truth_batch([image], [1], [ROW[1:]], [ROW[0]]),
    ]
