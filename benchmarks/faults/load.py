"""Load on a running service: senders that go on when they are refused, and what became of it all.

Every image is new: 100 detections and 10 true objects, both sides in one message.
"""

import asyncio
import itertools
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from messages import make_traffic

from boxgauge.v1 import frames_pb2 as frames
from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc
from boxgauge.v1 import report_pb2

MONITOR, MODEL, CLASSES = "load", "m", 80
WINDOW = 8
_LAG_S = 0.05
WARM_S = 2.0  # of a load, before it counts
# One connection each, as if every client were a process of its own.
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)
# No two processes send the same image, as long as one sends fewer than 2**32.
_FIRST_ID = 2**43 + (os.getpid() % 2**13) * 2**32
_NUMBERS = itertools.count()


@dataclass
class Outcomes:
    """What became of messages, from a moment on.

    Attributes:
        images: Acknowledged, both sides.
        all_images: With those before and after the time that counts.
        seconds: From the first to the last moment.
        latencies_s: Of acknowledged messages.
        refused: Messages or calls that were RESOURCE_EXHAUSTED.
        with_retry: Of those, with retry information.
        failed: The others that failed, by status.
        lags_s: How late the load's own event loop was, now and then; a load that is late is less
            than it is said to be.
    """

    images: int = 0
    all_images: int = 0
    seconds: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    refused: int = 0
    with_retry: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    lags_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Return images acknowledged a second."""
        return self.images / self.seconds

    def quantile_ms(self, share: float) -> float:
        """Return a quantile of the latency in milliseconds."""
        return float(np.quantile(self.latencies_s, share)) * 1e3 if self.latencies_s else np.nan

    @property
    def lag_ms(self) -> float:
        """Return how late the load's event loop was half of the time, milliseconds."""
        return float(np.median(self.lags_s)) * 1e3 if self.lags_s else np.nan

    def fail(self, error: aio.AioRpcError) -> float:
        """Count a failed call and return how long to wait before the next one."""
        if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
            self.failed[error.code().name] += 1
            return 0.1
        self.refused += 1
        wait_s = retry_s(error)
        self.with_retry += wait_s is not None
        return wait_s or 1.0


def retry_s(error: aio.AioRpcError) -> float | None:
    """Return what a refusal says about when to try again."""
    status: Any = rpc_status.from_call(error)
    for detail in status.details if status is not None else ():
        info = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    return None


class Messages:
    """Makes messages of new images out of one that is serialised once: only ids differ.

    Ids are of seven bytes each, so that they can be put where others were: ten times what a
    service takes must be made on one core.
    """

    def __init__(self, images: int, monitor: str = MONITOR) -> None:
        self.images = images
        traffic = make_traffic(images, in_message=images, seed=0)
        request = pb.ObserveRequest.FromString(traffic.messages[0])
        request.monitor, request.model = monitor, MODEL
        ids = range(_FIRST_ID, _FIRST_ID + images)
        for side in (request.frames.predictions[0], request.frames.ground_truths[0]):
            side.image_ids.CopyFrom(frames.ImageIds(integers=ids))
        self._parts = request.SerializeToString().split(_varints(ids))
        assert len(self._parts) == 3, "the ids of both sides must be found"  # noqa: S101

    def one(self) -> bytes:
        """Return the next message."""
        first = next(_NUMBERS) * self.images + _FIRST_ID
        return _varints(range(first, first + self.images)).join(self._parts)


def _varints(ids: range) -> bytes:
    """Return ids of 43 to 49 bits as protobuf writes them."""
    shifts = np.arange(0, 49, 7)
    groups = (np.array(ids)[:, None] >> shifts & 127).astype(np.uint8)
    groups[:, :-1] |= 128
    return groups.tobytes()


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[aio.Channel, Any]]:
    """Connect on a connection of its own; yields the channel and Observe, taking raw bytes."""
    async with aio.insecure_channel(address, options=OWN_CONNECTION) as channel:
        yield channel, observe(channel)


def observe(channel: aio.Channel) -> Any:  # noqa: ANN401 (gRPC's calls have no types)
    """Return Observe, taking messages as bytes."""
    path = "/boxgauge.v1.MonitorService/Observe"
    return channel.stream_stream(path, response_deserializer=pb.ObserveResponse.FromString)


async def create(address: str, monitor: str = MONITOR, *, retention_s: float = 86_400) -> None:
    """Create the monitor: a sketch, so that memory does not grow with what comes."""
    settings = pb.MonitorSettings(
        classes=[report_pb2.ObjectClass(id=k, name=str(k)) for k in range(1, CLASSES + 1)],
        tally=pb.TALLY_KIND_SKETCH,
        windows=[pb.WindowSettings(name="all")],
        ring=pb.RingSettings(minutes=2, hours=2, days=2),
        retention_s=retention_s,
    )
    async with aio.insecure_channel(address) as channel:
        stub: Any = rpc.MonitorServiceStub(channel)
        await stub.CreateMonitor(pb.CreateMonitorRequest(monitor=monitor, settings=settings))


async def streams(
    address: str, clients: int, messages: Messages, seconds: float, *, warm_s: float = WARM_S
) -> Outcomes:
    """Keep so many clients with a full window of messages each, closed loop; what they had."""
    outcomes = Outcomes()
    begin = time.monotonic() + warm_s
    end = begin + seconds

    async def client() -> None:
        async with connected(address) as (_, call):
            while time.monotonic() < end:
                try:
                    await _one_stream(call(), messages, outcomes, begin, end)
                except aio.AioRpcError as error:
                    wait_s = (outcomes if time.monotonic() > begin else Outcomes()).fail(error)
                    await asyncio.sleep(wait_s * random.uniform(1, 1.5))

    await asyncio.gather(*(client() for _ in range(clients)))
    outcomes.seconds = seconds
    return outcomes


async def _one_stream(
    call: Any,  # noqa: ANN401
    messages: Messages,
    outcomes: Outcomes,
    begin: float,
    end: float,
) -> None:
    free = asyncio.Semaphore(WINDOW)
    sent: asyncio.Queue[float] = asyncio.Queue()

    async def send() -> None:
        while time.monotonic() < end:
            await free.acquire()
            sent.put_nowait(time.monotonic())
            await call.write(messages.one())
        await call.done_writing()

    sender = asyncio.create_task(send())
    try:
        while (answer := await call.read()) is not aio.EOF:
            now = time.monotonic()
            free.release()
            started = sent.get_nowait()
            outcomes.all_images += answer.accepted // 2
            if begin <= now < end:
                outcomes.images += answer.accepted // 2
                outcomes.latencies_s.append(now - started)
        if await call.code() is not grpc.StatusCode.OK:
            await call  # raises what ended it
    finally:
        sender.cancel()
        (failure,) = await asyncio.gather(sender, return_exceptions=True)
        if failure is not None and not isinstance(
            failure, asyncio.CancelledError | aio.AioRpcError | asyncio.InvalidStateError
        ):
            raise failure


async def calls(
    address: str,
    rate: float,
    messages: Messages,
    seconds: float,
    *,
    channels: int,
    deadline_s: float,
    warm_s: float = WARM_S,
) -> Outcomes:
    """Begin calls of one message each at random moments, whatever becomes of the others."""
    outcomes = Outcomes()
    begin = time.monotonic() + warm_s
    end = begin + seconds
    chosen = random.Random(0)
    running: set[asyncio.Task[None]] = set()

    async def one(call: Any) -> None:  # noqa: ANN401
        started = time.monotonic()
        counted = outcomes if started >= begin else Outcomes()
        try:
            answer = await _exchange(call(timeout=deadline_s), messages.one())
        except aio.AioRpcError as error:
            counted.fail(error)
        except aio.InternalError:  # the call has ended while its client wrote
            counted.failed["INTERNAL"] += 1
        else:
            counted.images += answer.accepted // 2
            outcomes.all_images += answer.accepted // 2
            counted.latencies_s.append(time.monotonic() - started)

    async def lag() -> None:
        while True:
            due = time.monotonic() + _LAG_S
            await asyncio.sleep(_LAG_S)
            outcomes.lags_s.append(time.monotonic() - due)

    connections = [aio.insecure_channel(address, options=OWN_CONNECTION) for _ in range(channels)]
    observes = [observe(each) for each in connections]
    lagging = asyncio.create_task(lag())
    due = time.monotonic()
    while due < end:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(one(chosen.choice(observes)))
        running.add(task)
        task.add_done_callback(running.discard)
        due += chosen.expovariate(rate)
    lagging.cancel()
    late_s = time.monotonic() - end
    await asyncio.gather(*running)
    for each in connections:
        await each.close()
    if late_s > max(1.0, 0.1 * seconds):
        raise SystemExit(f"the load could not be made: {late_s:.1f} s late after {seconds:g} s")
    outcomes.seconds = seconds
    return outcomes


async def _exchange(call: Any, message: bytes) -> pb.ObserveResponse:  # noqa: ANN401
    await call.write(message)
    await call.done_writing()
    answer = await call.read()
    if answer is aio.EOF:
        await call
        raise RuntimeError("a call ended well without an answer")
    return answer


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Let this process, and what it starts meanwhile, run on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
