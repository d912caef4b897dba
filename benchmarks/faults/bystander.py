"""A caller beside the load, in a process of its own: how long its calls take, as it sees it.

One stream of single images, health checks, and reports where they are asked for, each on a
schedule: a call is timed from when it was due. One that fails has taken for ever. In the load's
own process the latencies would be those of the load's event loop.
"""

import argparse
import asyncio
import json
import math
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from load import MODEL, MONITOR, Messages, connected

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

_RETRY_S = 0.2


@dataclass
class Seen:
    """Seconds of each call, infinite for those that failed."""

    images: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)

    def __add__(self, other: "Seen") -> "Seen":
        """Return what was seen at both times."""
        return Seen(*(getattr(self, each) + getattr(other, each) for each in asdict(self)))


def quantile_ms(found: list[float], share: float) -> float:
    """Return a quantile in milliseconds; of no calls it is not a number."""
    # Between two values there is none where one is infinite: the higher one counts.
    return float(np.quantile(found, share, method="higher")) * 1e3 if found else math.nan


class Bystander:
    """The process; it looks on between `begin` and `end`, as often as is wanted."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def begin(self) -> None:
        """Let it call; its stream has had an answer when this returns."""
        await self._say(b"begin\n")
        await self._heard()

    async def count(self) -> None:
        """Let it forget what it has seen so far."""
        await self._say(b"count\n")

    async def end(self) -> Seen:
        """Let it wait for its last answers, and return what it has seen."""
        await self._say(b"end\n")
        return Seen(**json.loads(await self._heard()))

    async def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 (a pipe, as it was asked for)
        self._process.stdin.write(line)
        await self._process.stdin.drain()

    async def _heard(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the bystander has ended: {await self._process.wait()}")
        return line


@asynccontextmanager
async def standing_by(
    address: str, *, every_s: float, with_reports: bool = False
) -> AsyncIterator[Bystander]:
    """Start one on the cores of this process; it has had an answer when this yields."""
    options = ["--every-s", str(every_s), *(["--reports"] if with_reports else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__)),
        address,
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    try:
        bystander = Bystander(process)
        await bystander._heard()
        yield bystander
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


class _Calls:
    """What the process does between two words."""

    def __init__(self, channel: aio.Channel, observe: Any, every_s: float) -> None:  # noqa: ANN401 (gRPC's calls have no types)
        self._observe = observe
        self._every_s = every_s
        self._messages = Messages(1)
        self._health: Any = health_pb2_grpc.HealthStub(channel)
        self._monitors: Any = rpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
        self.seen = Seen()
        self.is_begun, self.is_over = asyncio.Event(), asyncio.Event()

    async def images(self) -> None:
        """Send an image each time one is due, on one stream unless that is refused."""
        due = time.monotonic()
        while not self.is_over.is_set():
            unanswered: deque[float] = deque()
            call = self._observe()
            receiver = asyncio.create_task(self._receive(call, unanswered))
            with suppress(aio.AioRpcError, asyncio.InvalidStateError):
                while not self.is_over.is_set() and not receiver.done():
                    unanswered.append(due)
                    await call.write(self._messages.one())
                    due = await self._next(due)
                await call.done_writing()
            if await receiver:
                return
            self.seen.images += [math.inf] * len(unanswered)
            await asyncio.sleep(_RETRY_S)

    async def _receive(self, call: Any, unanswered: deque[float]) -> bool:  # noqa: ANN401
        """Take answers until the stream ends; says whether it ended well."""
        try:
            while await call.read() is not aio.EOF:
                self.seen.images.append(time.monotonic() - unanswered.popleft())
                self.is_begun.set()
        except aio.AioRpcError:
            return False
        return bool(await call.code() is grpc.StatusCode.OK)

    async def health(self) -> None:
        """Ask whether it is well each time that is due."""
        await self._each_time(self.check, "health")

    async def check(self) -> None:
        """Ask whether it is well."""
        await self._health.Check(health_pb2.HealthCheckRequest())

    async def reports(self) -> None:
        """Ask for a report each time that is due."""
        # Of twenty a second one in forty is made anew: p99 is of these, and not of chance.
        asked = pb.GetReportRequest(monitor=MONITOR, model=MODEL, max_age_s=2)

        async def report() -> None:
            await self._monitors.GetReport(asked)

        await self._each_time(report, "reports")

    async def _each_time(self, call: Callable[[], Awaitable[None]], kind: str) -> None:
        due = time.monotonic()
        while not self.is_over.is_set():
            took_s = math.inf
            with suppress(aio.AioRpcError):
                await call()
                took_s = time.monotonic() - due
            getattr(self.seen, kind).append(took_s)
            due = await self._next(due)

    async def _next(self, due: float) -> float:
        """Return when the next one is due, then or when all is over; one that is late is skipped.

        One call at a time: who waits for an answer does not ask again meanwhile.
        """
        due = max(due + self._every_s, time.monotonic())
        with suppress(TimeoutError):
            await asyncio.wait_for(self.is_over.wait(), due - time.monotonic())
        return due


async def _stand_by(address: str, every_s: float, *, with_reports: bool) -> None:
    words = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(words), sys.stdin
    )
    async with connected(address) as (channel, observe):
        await _Calls(channel, observe, every_s).check()
        print("ready", flush=True)
        while await words.readline() == b"begin\n":
            calls = _Calls(channel, observe, every_s)
            kinds = [calls.images, calls.health, *([calls.reports] if with_reports else [])]
            calling = asyncio.gather(*(each() for each in kinds))
            await calls.is_begun.wait()
            print("begun", flush=True)
            while await words.readline() == b"count\n":
                calls.seen = Seen()
            calls.is_over.set()
            await calling
            print(json.dumps(asdict(calls.seen)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--every-s", type=float, required=True)
    parser.add_argument("--reports", action="store_true")
    given = parser.parse_args()
    asyncio.run(_stand_by(given.address, given.every_s, with_reports=given.reports))
