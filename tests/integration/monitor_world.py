"""What two monitors should hold, kept the slow way, beside a service that really holds it."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from google.protobuf.message import Message
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.server.app import App
from boxgauge.server.monitor.book import Book
from boxgauge.server.settings import read_settings
from boxgauge.v1 import frames_pb2, monitor_pb2, monitor_pb2_grpc, report_pb2
from tests.garbage import GARBAGE
from tests.integration.scenes import Record, Scene

T = TypeVar("T")

MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
CLASSES = (1, 2, 3)
# Past midnight and past the full hour, so that all widths of buckets have edges nearby.
BEGIN = (time.time_ns() // 1000 // DAY - 9) * DAY + 5 * HOUR + 58 * MINUTE
MINUTES, HOURS, DAYS = 3, 2, 2
RETENTION = 30 * HOUR
MOST_CAMERAS = 2
WINDOWS = {"all": 0, "2m": 2 * MINUTE, "3h": 3 * HOUR, "26h": 26 * HOUR}
EXACT, SKETCH = "exact", "sketch"
TRUTH = ""


@dataclass(frozen=True)
class Side:
    """One side of one image as it was last accepted."""

    revision: int
    records: tuple[tuple[Any, ...], ...]
    is_retracted: bool = False
    time_us: int = 0
    camera: str = ""
    source: str = ""
    folded: str = ""

    def says_the_same(self, other: "Side", *, is_truth: bool) -> bool:
        """Say whether a sender who sends both says one thing."""
        ours, theirs = (replace(each, folded="") for each in (self, other))
        if is_truth:
            ours, theirs = replace(ours, time_us=0), replace(theirs, time_us=0)
        return ours == theirs


@dataclass(frozen=True)
class Counted:
    """One image as a report should count it."""

    image: int
    predictions: Side
    truth: Side


@dataclass
class Expected:
    """The state that one monitor should be in."""

    is_exact: bool
    sides: dict[tuple[str, int], Side] = field(default_factory=dict)
    frozen: dict[str, list[Counted]] = field(default_factory=dict)
    cameras: dict[str, None] = field(default_factory=dict)
    watermark: int = 0

    def observe(self, model: str, image: int, came: Side) -> str:
        """Take one frame and return what should become of it."""
        if model != TRUTH:
            if came.time_us < self.watermark - RETENTION:
                return "late"
            came = replace(came, folded=self._folded(came.camera))
        known = self.sides.get((model, image))
        if model == TRUTH:
            # A correction keeps the time of what it corrects.
            first_us = self.watermark or time.time_ns() // 1000
            came = replace(came, time_us=known.time_us if known else first_us)
        if known is not None:
            if came.revision < known.revision:
                return "stale"
            if came.revision == known.revision:
                same = came.says_the_same(known, is_truth=model == TRUTH)
                return "same" if same else "conflict"
        if came.is_retracted and (known is None or known.is_retracted):
            self.sides[model, image] = came
            return "retracted_unknown"
        self.sides[model, image] = came
        if model != TRUTH and not came.is_retracted:
            self.watermark = max(self.watermark, came.time_us)
        return "changed"

    def counted(self, model: str) -> list[Counted]:
        """Return the images that the model's stores should count, wherever they are in time."""
        found = list(self.frozen.get(model, ()))
        for (name, image), side in self.sides.items():
            truth = self.sides.get((TRUTH, image))
            if name == model and truth and not side.is_retracted and not truth.is_retracted:
                found.append(Counted(image, side, truth))
        return found

    def expire(self) -> None:
        """Forget predictions past the retention, and labels that no predictions are left for."""
        before = self.watermark - RETENTION
        if self.is_exact:
            before = min(before, edges(self.watermark)[0])
        for (model, image), side in list(self.sides.items()):
            if model == TRUTH or side.time_us >= before:
                continue
            truth = self.sides.get((TRUTH, image))
            if truth and not truth.is_retracted and not side.is_retracted and not self.is_exact:
                self.frozen.setdefault(model, []).append(Counted(image, side, truth))
            del self.sides[model, image]
        predicted = {image for model, image in self.sides if model != TRUTH}
        for (model, image), side in list(self.sides.items()):
            if model == TRUTH and image not in predicted and side.time_us < before:
                del self.sides[model, image]

    def _folded(self, camera: str) -> str:
        if not camera or camera in self.cameras:
            return camera
        if len(self.cameras) < MOST_CAMERAS:
            self.cameras[camera] = None
            return camera
        return "__other__"


def edges(watermark: int) -> tuple[int, int, int, int]:
    """Return where days, hours and minutes begin, and where all ends, as the documents say."""
    until = (watermark // MINUTE + 1) * MINUTE
    minutes = until - MINUTES * MINUTE
    hours = -(-minutes // HOUR) * HOUR - HOURS * HOUR
    days = -(-hours // DAY) * DAY - DAYS * DAY
    return days, hours, minutes, until


def scene_of(counted: list[Counted]) -> Scene:
    """Return the images as COCO documents."""
    annotations: list[Record] = []
    results: list[Record] = []
    for each in counted:
        for label, *box in each.truth.records:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": each.image,
                    "category_id": label,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                    "ignore": 0,
                }
            )
        for label, *box, score in each.predictions.records:
            results.append(
                {"image_id": each.image, "category_id": label, "bbox": box, "score": score}
            )
    return Scene([each.image for each in counted], list(CLASSES), annotations, results)


class Service:
    """A real service on a loop of its own, which can be stopped and started over one journal."""

    def __init__(self, engine: Engine, graphs: Path, journal: Path | None) -> None:
        self._engine = engine
        self._graphs = graphs
        self._journal = journal
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._running: tuple[App, aio.Channel] | None = None
        self.start()

    def start(self) -> None:
        """Start it over what the journal holds."""
        self.run(self._start())

    def stop(self) -> None:
        """Stop it as SIGTERM would."""
        self.run(self._stop())

    def close(self) -> None:
        """Stop it and its loop."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, method: str, request: Message) -> Message:
        """Return the answer of one RPC."""

        async def call() -> Message:
            stub = monitor_pb2_grpc.MonitorServiceStub(self.channel())
            answer: Message = await getattr(stub, method)(request)
            return answer

        return self.run(call())

    def observe(
        self, monitor: str, model: str, frames: frames_pb2.Frames
    ) -> monitor_pb2.ObserveResponse:
        """Send one message and return its answer."""
        request = monitor_pb2.ObserveRequest(monitor=monitor, model=model, frames=frames)

        async def one() -> AsyncIterator[monitor_pb2.ObserveRequest]:
            yield request

        async def call() -> monitor_pb2.ObserveResponse:
            stub = monitor_pb2_grpc.MonitorServiceStub(self.channel())
            (answer,) = [each async for each in stub.Observe(one())]
            return answer

        return self.run(call())

    def tend(self) -> None:
        """Let it expire frames and write a checkpoint now."""

        async def tend() -> None:
            await self.book().tend()

        self.run(tend())

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Return what a coroutine returns on the service's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def channel(self) -> aio.Channel:
        """Return the channel to it, of its own loop."""
        assert self._running is not None
        return self._running[1]

    def book(self) -> Book:
        """Return its monitors; to be touched on its loop alone."""
        assert self._running is not None
        return self._running[0].book

    async def _start(self) -> None:
        settings = read_settings(
            port=0,
            metrics_port=0,
            drain_s=0,
            graphs=self._graphs,
            **({"ephemeral": True} if self._journal is None else {"journal": self._journal}),
            # Only when the test says so.
            checkpoint_interval_s=3600,
            report_interval_s=3600,
        )
        app = App(settings, registry=CollectorRegistry(), engine=self._engine, garbage=GARBAGE)
        await app.__aenter__()
        self._running = app, aio.insecure_channel(app.address)

    async def _stop(self) -> None:
        assert self._running is not None
        app, channel = self._running
        await channel.close()
        await app.__aexit__(None, None, None)
        self._running = None


def settings(kind: str) -> monitor_pb2.MonitorSettings:
    """Return what a monitor of this kind is asked for."""
    return monitor_pb2.MonitorSettings(
        classes=[report_pb2.ObjectClass(id=each, name=str(each)) for each in CLASSES],
        tally=monitor_pb2.TALLY_KIND_EXACT if kind == EXACT else monitor_pb2.TALLY_KIND_SKETCH,
        slices=[
            monitor_pb2.SliceKey(key="camera", max_values=MOST_CAMERAS),
            monitor_pb2.SliceKey(key="label_source"),
        ],
        windows=[
            monitor_pb2.WindowSettings(name=name, duration_s=length / 1e6)
            for name, length in WINDOWS.items()
        ],
        ring=monitor_pb2.RingSettings(minutes=MINUTES, hours=HOURS, days=DAYS),
        retention_s=RETENTION / 1e6,
        losses=["giou_loss"],
        comparisons=[monitor_pb2.ComparisonSettings(champion="a", challenger="b")],
    )


def frames_of(model: str, image: int, side: Side) -> frames_pb2.Frames:
    """Return the message for one side of one image."""
    found = frames_pb2.Frames()
    shared: dict[str, Any] = {
        "image_id": frames_pb2.ImageId(integer=image),
        "box_format": frames_pb2.BOX_FORMAT_XYWH,
        "revision": side.revision,
        "retracted": side.is_retracted,
    }
    if model == TRUTH:
        frame = found.ground_truth_frames.add(source=side.source, **shared)
        for label, a, b, c, d in side.records:
            frame.ground_truths.add(label=label, box=frames_pb2.Box(a=a, b=b, c=c, d=d))
        return found
    tags = {"camera": side.camera} if side.camera else {}
    predicted = found.prediction_frames.add(event_time_us=side.time_us, tags=tags, **shared)
    for label, a, b, c, d, score in side.records:
        box = frames_pb2.Box(a=a, b=b, c=c, d=d)
        predicted.predictions.add(label=label, box=box, score=score)
    return found
