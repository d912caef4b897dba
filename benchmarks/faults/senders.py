"""Senders that never give up: what was not acknowledged is sent again, to whoever answers."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import grpc
from grpc import aio
from promises import BrokenPromiseError

from boxgauge.client.async_sending import EOF, next_answer, send_all
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc

WINDOW = 8
_AGAIN_S = 0.02
_PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,  # gRPC's own, of a connection that broke within a message
        grpc.StatusCode.UNKNOWN,
    }
)


@dataclass
class Place:
    """Where the service is now; empty while there is none."""

    address: str = ""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self, address: str) -> None:
        """Say where it is from now on."""
        self.address = address
        self.changed.set()
        self.changed = asyncio.Event()

    async def found(self) -> str:
        """Return the address once there is one."""
        while not self.address:
            await self.changed.wait()
        return self.address


@dataclass
class Sender:
    """One caller: a stream of messages, each sent until it is acknowledged.

    Attributes:
        messages: In order.
        pace_s: Mean time between two messages.
        done: So many, from the first on, are acknowledged.
        frames: In them.
        sent: Messages written, repeats among them.
        known: Frames that a repeat found journalled, though nobody had been told.
        refusals: How often a stream ended with which status.
        last: The last of them.
        silent: Streams that ended well though a message was not answered.
    """

    messages: Sequence[monitor_pb2.ObserveRequest]
    pace_s: float = 0.0
    done: int = 0
    frames: int = 0
    sent: int = 0
    known: int = 0
    refusals: Counter[grpc.StatusCode] = field(default_factory=Counter)
    last: aio.AioRpcError | None = None
    silent: int = 0
    _furthest: int = -1

    async def run(self, place: Place, chance: random.Random) -> None:
        """Send everything; returns once all is acknowledged.

        Raises:
            BrokenPromiseError: The service refused a frame, or answered out of order.
        """
        while self.done < len(self.messages):
            address = await place.found()
            try:
                async with aio.insecure_channel(address, options=_OPTIONS) as channel:
                    await self.stream(channel, chance)
            except aio.AioRpcError as error:
                if not is_passing(error):
                    raise
                self.refusals[error.code()] += 1
                self.last = error
            # Whoever was killed is gone; whoever refuses may take it in a moment.
            await asyncio.sleep(_AGAIN_S)

    async def stream(self, channel: aio.Channel, chance: random.Random) -> None:
        """Send from the first unacknowledged message on, until all is or the stream ends."""
        free = asyncio.Semaphore(WINDOW)
        start = self.done
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]

        async def requests() -> AsyncIterator[monitor_pb2.ObserveRequest]:
            for k in range(start, len(self.messages)):
                await free.acquire()
                if self.pace_s:
                    await asyncio.sleep(chance.expovariate(1 / self.pace_s))
                self.sent += 1
                self._furthest = max(self._furthest, k)
                yield self.messages[k]

        furthest, call = self._furthest, stub.Observe()
        sender = asyncio.create_task(send_all(call, requests()))
        reader = asyncio.create_task(call.read())
        try:
            while (answer := await next_answer(reader, sender)) is not EOF:
                reader = asyncio.create_task(call.read())
                free.release()
                self._take(answer, is_again=self.done <= furthest)
        finally:
            call.cancel()
            sender.cancel()
            reader.cancel()
            await asyncio.gather(sender, reader, return_exceptions=True)
        if self.done < len(self.messages):
            self.silent += 1

    def _take(self, answer: monitor_pb2.ObserveResponse, *, is_again: bool) -> None:
        message = self.messages[self.done]
        size = frames_of(message)
        if answer.sequence != message.sequence or answer.errors or answer.accepted != size:
            raise BrokenPromiseError(f"message {message.sequence} is taken: {answer}")
        if is_again:
            self.known += answer.unchanged
        self.frames += size
        self.done += 1


_OPTIONS = (("grpc.enable_retries", 0), ("grpc.initial_reconnect_backoff_ms", 100))


def is_passing(error: aio.AioRpcError) -> bool:
    """Say whether it may be asked again: nobody was there, or somebody had no room."""
    return error.code() in _PASSING


def frames_of(message: monitor_pb2.ObserveRequest) -> int:
    """Return how many sides of images a message has."""
    frames = message.frames
    return sum(len(b.counts) for b in (*frames.predictions, *frames.ground_truths))


@dataclass
class Repeater:
    """Sends acknowledged messages once more: each of them must be known.

    Attributes:
        senders: Whose.
        repeated: Frames sent again.
    """

    senders: Sequence[Sender]
    repeated: int = 0

    async def run(self, place: Place, chance: random.Random, pace_s: float) -> None:
        """Repeat until cancelled.

        Raises:
            BrokenPromiseError: A message that had been acknowledged was taken as a new one.
        """
        while True:
            await asyncio.sleep(chance.expovariate(1 / pace_s))
            some = [(s, chance.randrange(s.done)) for s in self.senders if s.done]
            if not some or not place.address:
                continue
            await self.repeat(place.address, [s.messages[k] for s, k in some])

    async def repeat(self, address: str, messages: Sequence[monitor_pb2.ObserveRequest]) -> None:
        """Send these once; a service that goes away meanwhile is no fault."""
        try:
            async with aio.insecure_channel(address, options=_OPTIONS) as channel:
                stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
                call, asked = stub.Observe(), iter(messages)
                sender = asyncio.create_task(send_all(call, _each(messages)))
                try:
                    while (answer := await call.read()) is not EOF:
                        _check_known(next(asked), answer)
                        self.repeated += answer.accepted
                finally:
                    call.cancel()
                    sender.cancel()
                    await asyncio.gather(sender, return_exceptions=True)
        except aio.AioRpcError as error:
            if not is_passing(error):
                raise


async def _each(
    messages: Sequence[monitor_pb2.ObserveRequest],
) -> AsyncIterator[monitor_pb2.ObserveRequest]:
    for message in messages:
        yield message


def _check_known(message: monitor_pb2.ObserveRequest, answer: monitor_pb2.ObserveResponse) -> None:
    if answer.errors or answer.unchanged != frames_of(message):
        raise BrokenPromiseError(f"acknowledged, and not known any more: {message}: {answer}")
