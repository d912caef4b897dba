"""A thin hand on the stubs, and frames to send."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import numpy as np
from grpc import aio

from boxgauge.oip import inference_pb2_grpc
from boxgauge.v1 import (
    evaluation_pb2_grpc,
    frames_pb2,
    monitor_pb2,
    monitor_pb2_grpc,
    report_pb2,
)

CLASSES = [report_pb2.ObjectClass(id=1, name="cat"), report_pb2.ObjectClass(id=2, name="dog")]

# label, left, top, width, height[, score]
Row = tuple[float, ...]
Sides = dict[int | str, list[Row]]

TRUTHS: Sides = {
    1: [(1, 10, 10, 20, 20), (2, 50, 50, 40, 40)],
    2: [(1, 5, 5, 100, 100)],
    3: [],
    "four": [(2, 0, 0, 10, 10), (2, 30, 30, 15, 15)],
}
PREDICTIONS: Sides = {
    1: [(1, 11, 10, 20, 20, 0.9), (2, 52, 50, 40, 38, 0.8), (2, 0, 0, 5, 5, 0.3)],
    2: [(1, 5, 5, 90, 100, 0.75), (1, 200, 200, 9, 9, 0.95)],
    3: [(2, 1, 1, 8, 8, 0.6)],
    "four": [(2, 0, 1, 10, 10, 0.5)],
}


class Calls:
    """The stubs of every service over one channel.

    Attributes:
        metadata: Sent with every call of the methods below.
    """

    def __init__(self, channel: aio.Channel) -> None:
        self.channel = channel
        self.metadata: Sequence[tuple[str, str]] = ()
        self.monitors: Any = monitor_pb2_grpc.MonitorServiceStub(channel)
        self.evaluation: Any = evaluation_pb2_grpc.EvaluationServiceStub(channel)
        self.inference: Any = inference_pb2_grpc.GRPCInferenceServiceStub(channel)

    async def create(
        self,
        monitor: str = "cam",
        asked: monitor_pb2.MonitorSettings | None = None,
        **evaluation: object,
    ) -> monitor_pb2.Monitor:
        settings = monitor_pb2.MonitorSettings(
            classes=CLASSES, evaluation=report_pb2.EvaluationSettings(**evaluation)
        )
        if asked is not None:
            settings.MergeFrom(asked)
        request = monitor_pb2.CreateMonitorRequest(monitor=monitor, settings=settings)
        return (await self.monitors.CreateMonitor(request, metadata=self.metadata)).monitor

    async def observe(
        self, *frames: frames_pb2.Frames, monitor: str = "cam", model: str = "m"
    ) -> list[monitor_pb2.ObserveResponse]:
        """Send each as one message of one stream and return the answers."""
        requests = [
            monitor_pb2.ObserveRequest(monitor=monitor, model=model, sequence=k, frames=each)
            for k, each in enumerate(frames)
        ]
        return [
            answer
            async for answer in self.monitors.Observe(stream(requests), metadata=self.metadata)
        ]

    async def report(
        self, monitor: str = "cam", model: str = "", **asked: object
    ) -> report_pb2.Report:
        request = monitor_pb2.GetReportRequest(monitor=monitor, model=model, **asked)
        return (await self.monitors.GetReport(request, metadata=self.metadata)).report

    async def outcomes(self, monitor: str = "cam") -> dict[str, int]:
        """Return how often what happened to the frames of a monitor."""
        listed = await self.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())
        (found,) = (each for each in listed.monitors if each.name == monitor)
        return {each.outcome: each.count for each in found.outcomes}


async def stream(requests: Iterable[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request


def predictions(
    sides: Sides,
    *,
    revision: int = 0,
    times_us: dict[int | str, int] | None = None,
    tags: dict[str, dict[int | str, str]] | None = None,
) -> frames_pb2.Frames:
    """Return integers' images in one batch and strings' in another, xywh in float64."""
    found = frames_pb2.Frames()
    for ids, rows in _by_kind(sides):
        flat = [row for side in rows for row in side]
        found.predictions.add(
            image_ids=ids,
            counts=[len(side) for side in rows],
            boxes=_bytes([row[1:5] for row in flat], np.float64),
            box_format=frames_pb2.BOX_FORMAT_XYWH,
            box_type=frames_pb2.FLOAT_TYPE_FLOAT64,
            scores=_bytes([row[5] for row in flat], np.float64),
            score_type=frames_pb2.FLOAT_TYPE_FLOAT64,
            labels=_bytes([row[0] for row in flat], np.int64),
            revisions=[revision] * len(rows),
            event_times_us=[times_us[each] for each in _listed(ids)] if times_us else (),
            tags=[
                frames_pb2.TagColumn(key=key, values=[of.get(each, "") for each in _listed(ids)])
                for key, of in (tags or {}).items()
            ],
        )
    return found


def truths(
    sides: Sides, *, revision: int = 0, sources: dict[int | str, str] | None = None
) -> frames_pb2.Frames:
    """Return integers' images in one batch and strings' in another, xywh in float64."""
    found = frames_pb2.Frames()
    for ids, rows in _by_kind(sides):
        flat = [row for side in rows for row in side]
        found.ground_truths.add(
            image_ids=ids,
            counts=[len(side) for side in rows],
            boxes=_bytes([row[1:5] for row in flat], np.float64),
            box_format=frames_pb2.BOX_FORMAT_XYWH,
            box_type=frames_pb2.FLOAT_TYPE_FLOAT64,
            labels=_bytes([row[0] for row in flat], np.int64),
            revisions=[revision] * len(rows),
            sources=[sources.get(each, "") for each in _listed(ids)] if sources else (),
        )
    return found


def both(*parts: frames_pb2.Frames) -> frames_pb2.Frames:
    """Return the parts as one message."""
    found = frames_pb2.Frames()
    for part in parts:
        found.MergeFrom(part)
    return found


def only(sides: Sides, *image_ids: int | str) -> Sides:
    return {image_id: sides[image_id] for image_id in image_ids}


def _by_kind(sides: Sides) -> Iterable[tuple[frames_pb2.ImageIds, list[list[Row]]]]:
    integers = [each for each in sides if isinstance(each, int)]
    strings = [each for each in sides if isinstance(each, str)]
    if integers:
        yield frames_pb2.ImageIds(integers=integers), [sides[each] for each in integers]
    if strings:
        yield frames_pb2.ImageIds(strings=strings), [sides[each] for each in strings]


def _listed(ids: frames_pb2.ImageIds) -> list[int | str]:
    return [*ids.integers, *ids.strings]


def _bytes(rows: Sequence[Any], dtype: type) -> bytes:
    return np.array(rows, dtype=dtype).tobytes()
