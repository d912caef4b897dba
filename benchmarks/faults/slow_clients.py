"""What idle, unreading and dribbling clients cost the service, and the callers beside them.

One caller, a process of its own, sends single images, asks for reports and for the service's
health, on a schedule, while nobody else is there; then beside 1,000 idle streams (10 connections;
then a connection each), beside clients that open windows of zero bytes and never read an answer,
and beside connections that send a byte a second: of HTTP/2's preface, and of a message's frame.
Latencies are of the caller, memory and file descriptors of the service, which has a core of its
own; `unread_s` is short, so that clients that do not read are cut off while this looks on.

The last table says what is claimed: beside each kind the caller's p99 is less than twice the mean
of those beside nobody, before and after; memory is bounded. The script fails where that does not
hold.
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

import numpy as np
from bystander import Seen, quantile_ms, standing_by
from grpc import aio
from load import Messages, connected, create, pinned
from raw_http2 import answer_pings, call, message, opening
from verdicts import Verdicts
from watched import Watch, served_on_core, watched

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from served import Served
from timing import machine

UNREAD_S = 5.0
EVERY_S = 0.05  # the caller's calls of each kind
NOBODY = "nobody"
_ASKING_S = 3.0  # of clients that do not read, less than unread_s
STREAMS, READERS, DRIBBLERS = 1000, 20, 100
Beside = Callable[[Served, "Row"], AbstractAsyncContextManager[None]]


@dataclass
class Row:
    """One kind of clients beside the caller, and what was seen."""

    name: str
    notes: list[str] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
    watch: Watch = field(default_factory=Watch)


def main() -> None:
    """Print the tables, and fail where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25, help="beside each kind of client")
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1), help="service, clients")
    parser.add_argument(
        "--most-times", type=float, default=2.0, help="the caller's p99 beside nobody"
    )
    parser.add_argument("--most-mib", type=float, default=768, help="resident memory, at any time")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    with (
        served_on_core(given.cores[0], unread_s=UNREAD_S) as served,
        pinned(given.cores[1]),
    ):
        rows = asyncio.run(_measured(served, given.seconds))
    judge(rows, given).settle()


async def _measured(served: Served, seconds: float) -> list[Row]:
    await create(served.address)
    kinds: list[tuple[str, Beside]] = [
        (NOBODY, _nobody),
        (f"{STREAMS} idle streams on 10 connections", _idle(10)),
        (f"{STREAMS} idle streams on {STREAMS} connections", _idle(STREAMS)),
        (f"{READERS} that never read 100 answers", _unreading),
        (f"{DRIBBLERS} that send the preface, a byte a second", _dribbling(opening())),
        (
            f"{DRIBBLERS} that send a message, a byte a second",
            _dribbling(message(1, bytes(65_536)), opening() + call(1, _OBSERVE)),
        ),
        (f"{NOBODY} again", _nobody),
    ]
    rows = []
    async with standing_by(served.address, every_s=EVERY_S, with_reports=True) as caller:
        await caller.begin()  # warms up
        await asyncio.sleep(min(3.0, seconds))
        await caller.end()
        _print_head()
        for name, beside in kinds:
            row = Row(name)
            async with watched(served) as row.watch:
                async with beside(served, row):
                    await caller.begin()
                    await asyncio.sleep(seconds)
                    row.seen = await caller.end()
                await asyncio.sleep(1)
            _print(row)
            rows.append(row)
    return rows


def judge(rows: list[Row], given: argparse.Namespace) -> Verdicts:
    """Hold what was measured against what is claimed."""
    verdicts = Verdicts()
    alone = [row for row in rows if row.name.startswith(NOBODY)]
    for row in rows:
        if row in alone:
            continue
        for calls_of in ("images", "reports"):
            p99, *beside_nobody = (
                quantile_ms(getattr(each.seen, calls_of), 0.99) for each in (row, *alone)
            )
            limit = given.most_times * sum(beside_nobody) / len(beside_nobody)
            verdicts.below(f"beside {row.name}: p99 of {calls_of}", p99, limit, " ms")
    verdicts.below(
        "resident memory, the most at any time",
        max(max(row.watch.mib) for row in rows),
        given.most_mib,
        " MiB",
    )
    return verdicts


_OBSERVE = "/boxgauge.v1.MonitorService/Observe"
_LIST = "/boxgauge.v1.MonitorService/ListMonitors"


@asynccontextmanager
async def _nobody(_served: Served, _row: Row) -> AsyncIterator[None]:
    yield


def _idle(connections: int) -> Beside:
    @asynccontextmanager
    async def beside(served: Served, row: Row) -> AsyncIterator[None]:
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
            row.notes.append(f"{kib:.0f} KiB a stream")
            yield
            for each in streams:
                await each.done_writing()
            ended = [await each.code() for each in streams]
            row.notes.append(f"{sum(code.name == 'OK' for code in ended)} ended well")

    return beside


@asynccontextmanager
async def _unreading(served: Served, row: Row) -> AsyncIterator[None]:
    """Each asks for 100 answers, with a window of no byte, and answers pings.

    They ask before the caller is looked at: beginning 2,000 calls is work, whoever reads.
    """
    host, _, port = served.address.rpartition(":")
    clients = []
    for _ in range(READERS):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(opening(window=0))
        clients.append((asyncio.create_task(answer_pings(reader, writer)), writer))
    for stream in range(1, 201, 2):
        for _, writer in clients:
            writer.write(call(stream, _LIST) + message(stream, b"", is_last=True))
        await asyncio.sleep(_ASKING_S / 100)
    yield
    ended: list[bytes] = []
    for task, writer in clients:
        writer.close()
        ended += (await task).values()
    cancelled = sum(b"grpc-status\x011" in each for each in ended)
    row.notes.append(f"{cancelled:,} of {100 * READERS:,} calls cut off, the others refused")


def _dribbling(slowly: bytes, first: bytes = b"") -> Beside:
    @asynccontextmanager
    async def beside(served: Served, row: Row) -> AsyncIterator[None]:
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
        row.notes.append(f"{len(ends)} closed by the service{took}")

    return beside


async def _end(reader: asyncio.StreamReader) -> None:
    """Return once the service has closed the connection."""
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        return


def _print_head() -> None:
    print(
        "| beside | images | p50, p99 ms | reports | p50, p99 ms | health p50, p99 ms"
        " | MiB before, most, after | files before, most, after | became of them |"
    )
    print("|---" * 9 + "|")


def _print(row: Row) -> None:
    def ms(found: list[float]) -> str:
        return ", ".join(f"{quantile_ms(found, share):.1f}" for share in (0.5, 0.99))

    seen, watch = row.seen, row.watch
    print(
        f"| {row.name} | {len(seen.images)} | {ms(seen.images)}"
        f" | {len(seen.reports)} | {ms(seen.reports)} | {ms(seen.health)}"
        f" | {watch.mib[0]:.0f}, {max(watch.mib):.0f}, {watch.mib[-1]:.0f}"
        f" | {watch.files[0]}, {max(watch.files)}, {watch.files[-1]}"
        f" | {'; '.join(row.notes)} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
