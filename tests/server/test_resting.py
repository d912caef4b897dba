"""A stream that is turned away says why, even to a client that is still writing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.client import AsyncMonitorClient, prediction_batch
from boxgauge.frames import NotFoundError
from boxgauge.server import resting
from boxgauge.server.app import App
from boxgauge.server.resting import ENDS, Resting
from boxgauge.server.service.interceptor import Answering
from boxgauge.server.telemetry import Telemetry
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


class Refusing(grpc.GenericRpcHandler):
    """Takes a stream, and refuses it at its first message.

    Args:
        reads_ahead: Whether it waits for the next message as it refuses the first.

    Attributes:
        decoded: What gRPC had decoded.
        refused: Set as it refuses.
    """

    def __init__(self, *, reads_ahead: bool) -> None:
        self._reads_ahead = reads_ahead
        self.decoded: list[bytes] = []
        self.refused = asyncio.Event()

    def service(self, _: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401 (as in handlers.py)
        """Return the handler of any method."""

        async def refuse(requests: AsyncIterator[bytes], _: object) -> AsyncIterator[bytes]:
            first = await anext(requests)
            if self._reads_ahead:
                with suppress(TimeoutError):
                    await asyncio.wait_for(anext(requests), 0.01)
            self.refused.set()
            if first:
                raise NotFoundError("not here", field="message", value=len(first))
            yield b""

        handler: Any = grpc.stream_stream_rpc_method_handler
        return handler(refuse, self._decode, None)

    def _decode(self, raw: bytes) -> bytes:
        self.decoded.append(raw)
        return raw


@asynccontextmanager
async def refusing(
    ends: list[str], *, reads_ahead: bool = False
) -> AsyncIterator[tuple[Refusing, Any]]:
    """Serve with nothing but what refuses and rests; yields it and its method."""
    refuser = Refusing(reads_ahead=reads_ahead)
    answering = Answering(Telemetry(CollectorRegistry()))
    server = aio.server(handlers=[refuser], interceptors=[answering, Resting(ends.append)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield refuser, channel.stream_stream("/any.Service/Method")
    await server.stop(0)


async def test_what_a_refused_client_writes_on_is_not_decoded() -> None:
    ends: list[str] = []
    async with refusing(ends) as (refuser, method):
        call = method()
        for k in range(5):
            await call.write(b"%d" % k)
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.NOT_FOUND
        assert refuser.decoded == [b"0"]
        assert ends == ["quiet"]


@pytest.mark.parametrize(
    ("size", "at_most"), [(2**16, ("MOST_BYTES", 2**18)), (1, ("MOST_MESSAGES", 4))]
)
async def test_of_a_refused_stream_no_more_is_read_than_may_be(
    monkeypatch: pytest.MonkeyPatch, size: int, at_most: tuple[str, int]
) -> None:
    monkeypatch.setattr(resting, *at_most)
    monkeypatch.setattr(resting, "LONGEST_S", 30.0)
    monkeypatch.setattr(resting, "QUIET_S", 30.0)
    ends: list[str] = []
    async with refusing(ends) as (_, method), asyncio.timeout(20):
        call = method()
        for _ in range(5):  # the first is refused, and with the others it is enough
            await call.write(b"x" * size)
        assert await call.code() is grpc.StatusCode.NOT_FOUND
        assert ends == ["amount"]


async def test_a_refused_client_that_writes_on_slowly_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resting, "LONGEST_S", 0.1)
    monkeypatch.setattr(resting, "QUIET_S", 30.0)
    ends: list[str] = []
    async with refusing(ends) as (_, method), asyncio.timeout(20):
        call = method()
        await call.write(b"x")
        assert await call.code() is grpc.StatusCode.NOT_FOUND
        assert ends == ["time"]


async def test_beyond_so_many_refused_streams_at_rest_further_ones_end_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resting, "MOST_STREAMS", 2)
    for name in ("LONGEST_S", "QUIET_S"):
        monkeypatch.setattr(resting, name, 30.0)
    ends: list[str] = []
    async with refusing(ends) as (_, method), asyncio.timeout(20):

        async def refused() -> Any:  # noqa: ANN401 (gRPC's calls have no types)
            call = method()
            await call.write(b"x")
            return call

        streams = {await refused() for _ in range(3)}
        await asyncio.wait(
            [asyncio.ensure_future(each.code()) for each in streams],
            return_when=asyncio.FIRST_COMPLETED,
        )
        assert ends == ["streams"]
        at_rest = [each for each in streams if not each.done()]
        assert len(at_rest) == 2
        for each in at_rest:
            await each.done_writing()
            assert await each.code() is grpc.StatusCode.NOT_FOUND
        again = await refused()  # and there is room for it
        await again.done_writing()
        assert await again.code() is grpc.StatusCode.NOT_FOUND
    assert ends == ["streams", "quiet", "quiet", "quiet"]


async def test_how_refused_streams_ended_is_counted(app: App, calls: Calls) -> None:
    call = calls.monitors.Observe()
    await call.write(monitor_pb2.ObserveRequest(monitor="nowhere", model="m"))
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.NOT_FOUND
    text = app.telemetry.text().decode()
    counted = [text.count(f'boxgauge_refused_streams_total{{end="{end}"}} ') for end in ENDS]
    assert counted == [1] * len(ENDS)
    assert 'boxgauge_refused_streams_total{end="quiet"} 1.0\n' in text


async def test_a_read_that_was_given_up_is_not_taken_for_the_client_s_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resting, "QUIET_S", 1.0)
    monkeypatch.setattr(resting, "LONGEST_S", 30.0)
    ends: list[str] = []
    async with refusing(ends, reads_ahead=True) as (refuser, method), asyncio.timeout(20):
        call = method()
        await call.write(b"0")
        await refuser.refused.wait()
        for _ in range(3):
            await call.write(b"1")
            await asyncio.sleep(0.01)
        await call.done_writing()
        assert await call.code() is grpc.StatusCode.NOT_FOUND
    assert refuser.decoded == [b"0"]
    assert ends == ["quiet"]
