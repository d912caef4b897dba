"""Clients that do not read, and bytes that are no HTTP/2 and no messages."""

import asyncio

import grpc
import pytest
from grpc import aio

from boxgauge.engine import Engine
from boxgauge.v1 import monitor_pb2
from tests.faults.serving import serving, until
from tests.server.calls import PREDICTIONS, predictions

LIST = "/boxgauge.v1.MonitorService/ListMonitors"
OBSERVE = "/boxgauge.v1.MonitorService/Observe"


@pytest.mark.usefixtures("campaigns")
async def test_who_never_reads_is_cut_off_and_counted(engine: Engine) -> None:
    from raw_http2 import answer_pings, call, message, opening

    async with serving(engine, unread_s=0.2) as (app, calls):
        await calls.create()
        host, _, port = app.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(opening(window=0))
        request = monitor_pb2.ObserveRequest(
            monitor="cam", model="m", frames=predictions(PREDICTIONS)
        ).SerializeToString()
        writer.write(call(1, LIST) + message(1, b"", is_last=True))
        writer.write(call(3, OBSERVE) + message(3, request))
        reading = asyncio.create_task(answer_pings(reader, writer))
        for method in (LIST, OBSERVE):
            line = f'boxgauge_unread_rpcs_total{{method="{method[1:]}"}} 1.0\n'.encode()
            await until(lambda line=line: line in app.telemetry.text())  # type: ignore[misc]  # a lambda's default
        # The call before is let go of as the next one comes.
        await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
        await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
        writer.write_eof()
        ended = await reading
        assert {stream for stream, headers in ended.items() if b"grpc-status\x011" in headers} == {
            1,
            3,
        }
        # What it brought is kept, as of any stream that ends.
        assert app.book.get("cam").held_boxes == sum(map(len, PREDICTIONS.values()))
        writer.close()


async def test_a_stream_that_is_read_in_time_is_not_cut_off(engine: Engine) -> None:
    async with serving(engine, unread_s=0.1) as (app, calls):
        await calls.create()
        observing = calls.monitors.Observe()
        for k in range(4):
            await observing.write(monitor_pb2.ObserveRequest(monitor="cam", sequence=k))
            assert (await observing.read()).sequence == k
            await asyncio.sleep(0.1)  # idle for longer than an answer may wait
        await observing.done_writing()
        assert await observing.code() is grpc.StatusCode.OK
        assert b"boxgauge_unread_rpcs_total{" not in app.telemetry.text()


@pytest.mark.parametrize("method", [LIST, OBSERVE])
async def test_bytes_that_are_no_message_are_the_callers_fault(
    engine: Engine, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(engine) as (_, calls):
        call = calls.channel.stream_stream(method)()
        await call.write(b"\x0a\xff")
        await call.done_writing()
        with pytest.raises(aio.AioRpcError) as refused:
            await call.read()
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "bytes that are none" in (refused.value.details() or "")
        assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_connections_beyond_the_bound_are_closed(engine: Engine) -> None:
    async with serving(engine, max_connections=3) as (app, calls):
        await calls.create()
        host, _, port = app.address.rpartition(":")
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(5)]
        first = await asyncio.gather(*(reader.read(1) for reader, _ in opened))
        assert sorted(map(len, first)) == [0, 0, 0, 1, 1]
        for _, writer in opened:
            writer.close()
        await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
