"""What idle, unreading and dribbling clients cost the service, and the callers beside them.

One caller sends single images and asks for reports, with pauses, while nobody else is there; then
beside 1,000 idle streams (10 connections; then a connection each), beside clients that open
windows of zero bytes and never read an answer, and beside connections that send a byte a second:
of HTTP/2's preface, and of a message's frame. Latencies are of the caller, memory and file
descriptors of the service, which has a core of its own; `unread_s` is short, so that clients that
do not read are cut off while this looks on.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from grpc import aio
from load import MODEL, MONITOR, Messages, connected, create, observe, pinned
from raw_http2 import answer_pings, call, message, opening
from watched import Watch, served_on_core, watched

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import Served
from timing import machine

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

UNREAD_S = 5.0
STREAMS, READERS, DRIBBLERS = 1000, 20, 100
Beside = Callable[[Served, "Seen"], AbstractAsyncContextManager[None]]


@dataclass
class Seen:
    """What became of the clients beside, and the latencies of the caller, seconds."""

    notes: list[str] = field(default_factory=list)
    observe_s: list[float] = field(default_factory=list)
    report_s: list[float] = field(default_factory=list)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="beside each kind of client")
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1), help="service, clients")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with (
        served_on_core(given.cores[0], unread_s=UNREAD_S) as served,
        pinned(given.cores[1]),
    ):
        asyncio.run(_measured(served, given.seconds))


async def _measured(served: Served, seconds: float) -> None:
    await create(served.address)
    await _caller(served.address, Seen(), 3)  # warms up
    print(
        "| beside | sent | observe p50 ms | p99 ms | reports | p50 ms | p99 ms"
        " | MiB before, most, after | files before, most, after | became of them |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    kinds: list[tuple[str, Beside]] = [
        ("nobody", _nobody),
        (f"{STREAMS} idle streams on 10 connections", _idle(10)),
        (f"{STREAMS} idle streams on {STREAMS} connections", _idle(STREAMS)),
        (f"{READERS} that never read 100 answers", _unreading),
        (f"{DRIBBLERS} that send the preface, a byte a second", _dribbling(opening())),
        (
            f"{DRIBBLERS} that send a message, a byte a second",
            _dribbling(message(1, bytes(65_536)), opening() + call(1, _OBSERVE)),
        ),
        ("nobody again", _nobody),
    ]
    for name, beside in kinds:
        seen = Seen()
        async with watched(served) as watch:
            async with beside(served, seen):
                await _caller(served.address, seen, seconds)
            await asyncio.sleep(1)
        _print(name, seen, watch)


_OBSERVE = "/boxgauge.v1.MonitorService/Observe"
_LIST = "/boxgauge.v1.MonitorService/ListMonitors"


async def _caller(address: str, seen: Seen, seconds: float) -> None:
    """Send an image and wait for the answer, again and again; ask for reports beside that."""
    messages = Messages(1)
    end = time.monotonic() + seconds
    async with connected(address) as (channel, _):
        stream: Any = observe(channel)()

        predicted = asyncio.Event()

        async def send() -> None:
            while time.monotonic() < end:
                started = time.monotonic()
                await stream.write(messages.one())
                if await stream.read() is aio.EOF:
                    await stream
                seen.observe_s.append(time.monotonic() - started)
                predicted.set()
                await asyncio.sleep(0.02)
            await stream.done_writing()

        async def ask() -> None:
            stub: Any = rpc.MonitorServiceStub(channel)
            asked = pb.GetReportRequest(monitor=MONITOR, model=MODEL, max_age_s=5)
            await predicted.wait()
            while time.monotonic() < end:
                started = time.monotonic()
                await stub.GetReport(asked)
                seen.report_s.append(time.monotonic() - started)
                await asyncio.sleep(0.05)

        await asyncio.gather(send(), ask())


@asynccontextmanager
async def _nobody(_served: Served, _seen: Seen) -> AsyncIterator[None]:
    yield


def _idle(connections: int) -> Beside:
    @asynccontextmanager
    async def beside(served: Served, seen: Seen) -> AsyncIterator[None]:
        messages = Messages(1)
        before = served.resident_mib()
        async with AsyncExitStack() as stack:
            methods = [
                (await stack.enter_async_context(connected(served.address)))[1]
                for _ in range(connections)
            ]
            streams = [methods[k % connections]() for k in range(STREAMS)]
            for each in streams:  # each has had one answer, so that it is a stream that works
                await each.write(messages.one())
                if await each.read() is aio.EOF:
                    await each
            kib = (served.resident_mib() - before) * 1024 / STREAMS
            seen.notes.append(f"{kib:.0f} KiB a stream")
            yield
            for each in streams:
                await each.done_writing()
            ended = [await each.code() for each in streams]
            seen.notes.append(f"{sum(code.name == 'OK' for code in ended)} ended well")

    return beside


@asynccontextmanager
async def _unreading(served: Served, seen: Seen) -> AsyncIterator[None]:
    """Each asks for 100 answers at once, with a window of no byte, and answers pings."""
    host, _, port = served.address.rpartition(":")
    clients = []
    for _ in range(READERS):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(opening(window=0))
        for stream in range(1, 201, 2):
            writer.write(call(stream, _LIST) + message(stream, b"", is_last=True))
        clients.append((asyncio.create_task(answer_pings(reader, writer)), writer))
    yield
    ended: list[bytes] = []
    for task, writer in clients:
        writer.close()
        ended += (await task).values()
    cancelled = sum(b"grpc-status\x011" in each for each in ended)
    seen.notes.append(f"{cancelled:,} of {100 * READERS:,} calls cut off, the others refused")


def _dribbling(slowly: bytes, first: bytes = b"") -> Beside:
    @asynccontextmanager
    async def beside(served: Served, seen: Seen) -> AsyncIterator[None]:
        host, _, port = served.address.rpartition(":")
        started = time.monotonic()
        ends: list[float] = []

        async def dribble() -> None:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(first)
            # Nothing can be acknowledged in the middle of what is sent byte by byte.
            ended = asyncio.create_task(_end(reader))
            for k in range(len(slowly)):
                writer.write(slowly[k : k + 1])
                await asyncio.wait([ended], timeout=1)
                if ended.done():
                    ends.append(time.monotonic() - started)
                    break
            writer.close()

        tasks = [asyncio.create_task(dribble()) for _ in range(DRIBBLERS)]
        yield
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        took = f" after {np.median(ends):.0f} s" if ends else ""
        seen.notes.append(f"{len(ends)} closed by the service{took}")

    return beside


async def _end(reader: asyncio.StreamReader) -> None:
    """Return once the service has closed the connection."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        return


def _print(name: str, seen: Seen, watch: Watch) -> None:
    def ms(found: list[float], share: float) -> str:
        return f"{np.quantile(found, share) * 1e3:.1f}"

    print(
        f"| {name} | {len(seen.observe_s)} | {ms(seen.observe_s, 0.5)} | {ms(seen.observe_s, 0.99)}"
        f" | {len(seen.report_s)} | {ms(seen.report_s, 0.5)} | {ms(seen.report_s, 0.99)}"
        f" | {watch.mib[0]:.0f}, {max(watch.mib):.0f}, {watch.mib[-1]:.0f}"
        f" | {watch.files[0]}, {max(watch.files)}, {watch.files[-1]}"
        f" | {'; '.join(seen.notes)} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
