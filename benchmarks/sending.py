"""Messages of new images over several streams of one monitor, as fast as may be or on schedule."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grpc import aio
from messages import MODEL, Traffic, create_request

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

WINDOW = 8  # messages of a stream that are unanswered at a time


@dataclass(slots=True)
class Sent:
    """What one run showed.

    Attributes:
        images: Sent, both sides of each.
        accepted: Sides that the server says it took.
        seconds: From the first message until the last answer.
        latencies_s: From when a message was due until its answer, on schedule alone.
    """

    images: int = 0
    accepted: int = 0
    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)

    def check(self) -> None:
        """Check that nothing was refused.

        Raises:
            RuntimeError: The server did not take every side of every image.
        """
        if self.accepted != 2 * self.images:
            raise RuntimeError(f"{2 * self.images} image sides were sent, {self.accepted} taken")


class Numbered:
    """Serialises the messages of a traffic again and again, every image a new one.

    Args:
        traffic: Whose boxes are sent.
        monitor: Which they go to.
    """

    def __init__(self, traffic: Traffic, monitor: str) -> None:
        self.images = traffic.images
        self._requests = [pb.ObserveRequest.FromString(each) for each in traffic.messages]
        for each in self._requests:
            each.monitor, each.model = monitor, MODEL
        self._next_id = 1

    def __iter__(self) -> Iterator[bytes]:
        for sequence, request in enumerate(itertools.cycle(self._requests)):
            ids = range(self._next_id, self._next_id + self.images)
            self._next_id = ids.stop
            request.sequence = sequence
            for side in (request.frames.predictions[0], request.frames.ground_truths[0]):
                side.image_ids.integers[:] = ids
            yield request.SerializeToString()


async def create(address: str, monitor: str, tally: "pb.TallyKind") -> None:
    """Create a monitor of this kind."""
    request = create_request()
    request.monitor = monitor
    request.settings.tally = tally
    async with aio.insecure_channel(address) as channel:
        stub: Any = rpc.MonitorServiceStub(channel)
        await stub.CreateMonitor(request)


async def at_once(address: str, messages: Numbered, *, streams: int, seconds: float) -> Sent:
    """Send for so long, on so many streams, whenever there are fewer than `WINDOW` unanswered."""
    sent, source = Sent(), iter(messages)
    began = time.perf_counter()

    async def one(channel: aio.Channel) -> None:
        call, free = _observe(channel), asyncio.Semaphore(WINDOW)

        async def send() -> None:
            while time.perf_counter() - began < seconds:
                await free.acquire()
                sent.images += messages.images
                await call.write(next(source))
            await call.done_writing()

        sender = asyncio.create_task(send())
        while (answer := await call.read()) is not aio.EOF:
            free.release()
            sent.accepted += answer.accepted
        await sender

    await _on_streams(address, [one] * streams)
    sent.seconds = time.perf_counter() - began
    return sent


async def on_schedule(
    address: str, messages: Numbered, *, streams: int, seconds: float, rate: float
) -> Sent:
    """Send so many images a second, whether or not the server keeps up.

    A message is timed from when it was due, so that one that is late makes those behind it
    late, too, as it would for who sends them.
    """
    sent, source = Sent(), iter(messages)
    every_s = messages.images / rate
    began = time.perf_counter() + 0.1

    async def one(channel: aio.Channel, first: int) -> None:
        call = _observe(channel)
        due = [began + k * every_s for k in range(first, int(seconds / every_s), streams)]

        async def send() -> None:
            for each in due:
                await asyncio.sleep(max(each - time.perf_counter(), 0))
                sent.images += messages.images
                await call.write(next(source))
            await call.done_writing()

        sender = asyncio.create_task(send())
        for each in due:
            answer = await call.read()
            sent.latencies_s.append(time.perf_counter() - each)
            sent.accepted += answer.accepted
        await sender

    await _on_streams(address, [lambda channel, k=k: one(channel, k) for k in range(streams)])
    sent.seconds = time.perf_counter() - began
    return sent


async def _on_streams(address: str, streams: "list[Any]") -> None:
    """Run each stream over a connection of its own, as clients of their own would."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    channels = [aio.insecure_channel(address, options) for _ in streams]
    try:
        await asyncio.gather(
            *(stream(channel) for stream, channel in zip(streams, channels, strict=True))
        )
    finally:
        for channel in channels:
            await channel.close()


def _observe(channel: aio.Channel) -> Any:  # noqa: ANN401 (grpc's call)
    observe: Any = channel.stream_stream(
        "/boxgauge.v1.MonitorService/Observe",
        response_deserializer=pb.ObserveResponse.FromString,
    )
    return observe()
