"""Health: watches have places of their own, probes are always answered, a drain ends watches."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2 as pb
from grpc_health.v1 import health_pb2_grpc as rpc

from boxgauge.oip import inference_pb2
from boxgauge.server.grpc_server import SERVICES
from boxgauge.server.service.admission import (
    MAX_ASKED,
    MAX_WATCHES,
    MAX_WATCHES_OF_CONNECTION,
)
from boxgauge.v1 import monitor_pb2
from tests.faults.serving import until
from tests.faults.test_overload import retry_s
from tests.server.calls import Calls
from tests.server.conftest import Serve

KINDS = pb.HealthCheckResponse
OWN = (("grpc.use_local_subchannel_pool", 1),)  # a connection of its own


@asynccontextmanager
async def connected(address: str, count: int) -> AsyncIterator[list[Calls]]:
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(aio.insecure_channel(address, options=OWN))
            for _ in range(count)
        ]
        yield [Calls(each) for each in channels]


def watch(calls: Calls, service: str = "") -> Any:  # noqa: ANN401 (gRPC's calls have no types)
    return rpc.HealthStub(calls.channel).Watch(pb.HealthCheckRequest(service=service))


async def watching(calls: Calls, count: int = 1, service: str = "") -> list[Any]:
    """Begin watches that have been told once that all is well."""
    begun = [watch(calls, service) for _ in range(count)]
    for each in begun:
        assert (await each.read()).status == KINDS.SERVING
    return begun


async def assert_probes_are_answered(calls: Calls) -> None:
    health = await rpc.HealthStub(calls.channel).Check(pb.HealthCheckRequest())
    assert health.status == KINDS.SERVING
    assert (await calls.inference.ServerLive(inference_pb2.ServerLiveRequest())).live
    assert (await calls.inference.ServerReady(inference_pb2.ServerReadyRequest())).ready


async def assert_refused(begun: Any, text: str) -> None:  # noqa: ANN401 (gRPC's calls have no types)
    with pytest.raises(aio.AioRpcError, match=text) as refused:
        await begun.read()
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_s(refused.value) > 0


def cancel(begun: Sequence[Any]) -> None:
    for each in begun:
        each.cancel()


async def test_watches_take_no_places_of_calls(serve: Serve) -> None:
    async with serve(max_concurrent_streams=1) as (_, calls):
        begun = await watching(calls, 8)
        await calls.create()
        assert (await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())).monitors
        cancel(begun)


async def test_probes_are_answered_where_all_places_are_taken(serve: Serve) -> None:
    async with serve(max_concurrent_streams=1) as (_, calls):
        await calls.create()
        observing = calls.monitors.Observe()
        await observing.write(monitor_pb2.ObserveRequest(monitor="cam", model="m"))
        await observing.read()
        await assert_probes_are_answered(calls)
        cancel(await watching(calls))
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.report()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        observing.cancel()


async def test_beyond_all_watches_the_newest_is_refused_until_one_ends(serve: Serve) -> None:
    connections = MAX_WATCHES // MAX_WATCHES_OF_CONNECTION
    async with serve() as (app, calls), connected(app.address, connections) as others:
        begun = [
            each
            for some in await asyncio.gather(
                *(watching(other, MAX_WATCHES_OF_CONNECTION) for other in others)
            )
            for each in some
        ]
        assert len(begun) == MAX_WATCHES
        await assert_refused(watch(calls), f"at most {MAX_WATCHES} watches of health may run")
        await assert_probes_are_answered(calls)
        await calls.create()
        begun.pop().cancel()
        gauge = b'boxgauge_rpcs_in_flight{method="grpc.health.v1.Health/Watch"} %d.0\n'
        await until(lambda: gauge % (MAX_WATCHES - 1) in app.telemetry.text())
        begun += await watching(calls)
        cancel(begun)


async def test_one_connection_does_not_get_all_watches(serve: Serve) -> None:
    async with serve() as (app, calls), connected(app.address, 1) as (other,):
        begun = await watching(calls, MAX_WATCHES_OF_CONNECTION)
        await assert_refused(watch(calls), f"at most {MAX_WATCHES_OF_CONNECTION} .*connection")
        begun += await watching(other)
        cancel(begun)


async def test_watches_count_among_the_calls_of_their_connection(serve: Serve) -> None:
    async with (
        serve(max_streams_per_connection=4) as (app, calls),
        connected(app.address, 1) as (other,),
    ):
        begun = await watching(calls, 4)
        waits = asyncio.ensure_future(calls.create())
        await other.create("other")
        listed = await other.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
        # Its client does not even send it.
        assert [each.name for each in listed.monitors] == ["other"]
        assert not waits.done()
        begun.pop().cancel()
        assert (await waits).name == "cam"
        cancel(begun)


async def test_a_drain_is_told_to_all_who_watch_and_ends_watches(serve: Serve) -> None:
    async with serve(drain_s=4) as (app, calls):
        begun = await watching(calls, 3, SERVICES[0])
        unknown = watch(calls, "none")
        assert (await unknown.read()).status == KINDS.SERVICE_UNKNOWN
        # The others are told, too, after one has left.
        begun.pop(0).cancel()
        gauge = b'boxgauge_rpcs_in_flight{method="grpc.health.v1.Health/Watch"} 3.0\n'
        await until(lambda: gauge in app.telemetry.text())
        draining = asyncio.create_task(app.__aexit__(None, None, None))
        for each in begun:
            assert (await each.read()).status == KINDS.NOT_SERVING
        for each in (*begun, unknown):
            with pytest.raises(aio.AioRpcError, match="the service is stopping") as ended:
                await each.read()
            assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        await draining


async def test_a_watch_that_brings_much_is_refused(serve: Serve) -> None:
    """What it is asked with is held for as long as it lasts."""
    async with serve() as (_, calls):
        assert (await watch(calls, "s" * (MAX_ASKED - 100)).read()).status == KINDS.SERVICE_UNKNOWN
        with pytest.raises(aio.AioRpcError) as refused:
            await watch(calls, "s" * MAX_ASKED).read()
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_long_name_is_not_repeated_whole(serve: Serve) -> None:
    async with serve() as (_, calls):
        with pytest.raises(aio.AioRpcError) as refused:
            await rpc.HealthStub(calls.channel).Check(pb.HealthCheckRequest(service="s" * 10_000))
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert len(refused.value.details() or "") < 200
