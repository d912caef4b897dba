"""Every bound on what a caller may send: passed by one on a real service, with its status.

The documents list the same bounds, and a test compares.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grpc import aio

from boxgauge.client.async_status import stream_translated
from boxgauge.engine.settings import MAX_COMBINATIONS
from boxgauge.frames import BoxGaugeError
from boxgauge.oip import inference_pb2
from boxgauge.server import metrics_http
from boxgauge.server.monitor import book, definition, slicing, told
from boxgauge.server.security import token_file
from boxgauge.server.service import admission, runner
from boxgauge.server.wire import frames_in
from boxgauge.v1 import frames_pb2, monitor_pb2, report_pb2
from tests.server.calls import CLASSES, Calls, predictions
from tests.server.conftest import Serve

DOCS = Path(__file__).parents[3] / "docs" / "security.md"

Send = Callable[[Calls], Awaitable[Any]]
Limits = dict[str, tuple[str, str, Send]]


async def observed(calls: Calls, *frames: frames_pb2.Frames, model: str = "m") -> None:
    """Observe, and raise the first refusal of a frame as if it ended the stream."""
    await calls.create()
    requests = [
        monitor_pb2.ObserveRequest(monitor="cam", model=model, frames=each) for each in frames
    ]
    call: Any = calls.monitors.Observe()
    async with stream_translated("the service", call):
        for each in requests:
            await call.write(each)
        await call.done_writing()
        async for answer in call:
            for error in answer.errors:
                raise RefusedError(error.code)


class RefusedError(Exception):
    """One frame was refused; holds the number of the status."""


def created(**settings: object) -> Send:
    asked = monitor_pb2.MonitorSettings(classes=CLASSES, **settings)
    return lambda calls: _created(calls, "other", asked)


async def _created(calls: Calls, name: str, asked: monitor_pb2.MonitorSettings) -> None:
    request = monitor_pb2.CreateMonitorRequest(monitor=name, settings=asked)
    await calls.monitors.CreateMonitor(request)


def evaluated(**settings: object) -> Send:
    return created(evaluation=report_pb2.EvaluationSettings(**settings))


def one(**changed: object) -> Send:
    """Send one image without boxes, some of it changed."""
    batch = frames_pb2.PredictionBatch(
        image_ids=frames_pb2.ImageIds(integers=[1]),
        counts=[0],
        box_format=frames_pb2.BOX_FORMAT_XYWH,
    )
    batch.MergeFrom(frames_pb2.PredictionBatch(**changed))
    return lambda calls: observed(calls, frames_pb2.Frames(predictions=[batch]))


def tagged(**tags: str) -> Send:
    return one(tags=[frames_pb2.TagColumn(key=k, values=[v]) for k, v in tags.items()])


def classes(count: int, name: str = "c") -> list[report_pb2.ObjectClass]:
    return [report_pb2.ObjectClass(id=k, name=f"{name}{k}") for k in range(count)]


async def many_monitors(calls: Calls) -> None:
    for k in range(4):
        await calls.create(f"m{k}")


async def many_models(calls: Calls) -> None:
    for k in range(3):
        await observed(calls, predictions({k: []}), model=f"m{k}")


async def large_message(calls: Calls) -> None:
    await observed(calls, predictions({1: [(1, 0, 0, 1, 1, 0.5)] * 200_000}))


async def many_boxes(calls: Calls) -> None:
    await observed(calls, predictions({1: [(1, 0, 0, 1, 1, 0.5)] * (told.MAX_BOXES + 1)}))


async def many_headers(calls: Calls) -> None:
    request = monitor_pb2.ListMonitorsRequest()
    await calls.monitors.ListMonitors(request, metadata=(("x-long", "x" * 40_000),))


async def long_question(calls: Calls) -> None:
    request = monitor_pb2.WatchReportRequest(monitor="cam", model="m" * admission.MAX_ASKED)
    await calls.monitors.WatchReport(request).read()


async def many_cells(calls: Calls) -> None:
    tensors = [
        inference_pb2.ModelInferRequest.InferInputTensor(
            name=name, datatype="FP32", shape=(2**40, 0)
        )
        for name in ("prob", "target")
    ]
    request = inference_pb2.ModelInferRequest(
        model_name="dice_loss", inputs=tensors, raw_input_contents=[b"", b""]
    )
    await calls.inference.ModelInfer(request)


LIMITS: Limits = {
    "bytes of a message": ("BOXGAUGE_MAX_MESSAGE_BYTES", "RESOURCE_EXHAUSTED", large_message),
    "headers of a call": ("16 KiB", "RESOURCE_EXHAUSTED", many_headers),
    "bytes of a request that a stream answers": (
        f"{admission.MAX_ASKED:,}",
        "INVALID_ARGUMENT",
        long_question,
    ),
    "frames of a message": (
        f"{frames_in.MAX_FRAMES:,}",
        "RESOURCE_EXHAUSTED",
        lambda calls: observed(calls, predictions({k: [] for k in range(16_384)})),
    ),
    "boxes of a frame": (f"{told.MAX_BOXES:,}", "frame INVALID_ARGUMENT", many_boxes),
    "bytes of an image's id": (
        "512",
        "frame INVALID_ARGUMENT",
        lambda calls: observed(calls, predictions({"i" * 513: []})),
    ),
    "tags of an image": (
        f"{slicing.MAX_TAGS}",
        "frame INVALID_ARGUMENT",
        tagged(**{f"k{k}": "v" for k in range(slicing.MAX_TAGS + 1)}),
    ),
    "letters of a tag's key": ("64", "frame INVALID_ARGUMENT", tagged(**{"k" * 65: "v"})),
    "bytes of a tag's value": (
        f"{slicing.MAX_VALUE}",
        "frame INVALID_ARGUMENT",
        tagged(camera="v" * (slicing.MAX_VALUE + 1)),
    ),
    "bytes of a cluster or a source": (
        f"{slicing.MAX_VALUE}",
        "frame INVALID_ARGUMENT",
        one(clusters=["c" * (slicing.MAX_VALUE + 1)]),
    ),
    "bytes of a model's name": (
        "100",
        "INVALID_ARGUMENT",
        lambda calls: observed(calls, predictions({1: []}), model="m" * 101),
    ),
    "bytes of a monitor's name": ("100", "INVALID_ARGUMENT", lambda calls: calls.create("m" * 101)),
    "monitors": ("BOXGAUGE_MAX_MONITORS", "RESOURCE_EXHAUSTED", many_monitors),
    "models of a monitor": ("BOXGAUGE_MAX_MODELS", "frame RESOURCE_EXHAUSTED", many_models),
    "bytes of a class's name": (
        "200",
        "INVALID_ARGUMENT",
        lambda calls: _created(
            calls, "other", monitor_pb2.MonitorSettings(classes=classes(1, "c" * 200))
        ),
    ),
    "thresholds × classes × areas × maxima": (
        f"{book.MAX_CELLS:,}",
        "INVALID_ARGUMENT",
        lambda calls: _created(calls, "other", monitor_pb2.MonitorSettings(classes=classes(1_667))),
    ),
    "thresholds × areas": (
        f"{MAX_COMBINATIONS}",
        "INVALID_ARGUMENT",
        evaluated(iou_thresholds=np.linspace(0.1, 0.9, 101).tolist()),
    ),
    "areas": (
        f"{book.MAX_AREAS}",
        "INVALID_ARGUMENT",
        evaluated(
            areas=[report_pb2.AreaRange(name=f"a{k}", low=0, high=1) for k in range(33)],
            iou_thresholds=[0.5],
        ),
    ),
    "bytes of an area's name": (
        f"{book.MAX_AREA_NAME}",
        "INVALID_ARGUMENT",
        evaluated(areas=[report_pb2.AreaRange(name="a" * 101, low=0, high=1)]),
    ),
    "detections an image and class": (
        "65,535",
        "INVALID_ARGUMENT",
        evaluated(max_detections=[65_536]),
    ),
    "slice keys": (
        f"{definition.MAX_SLICE_KEYS}",
        "INVALID_ARGUMENT",
        created(slices=[monitor_pb2.SliceKey(key=f"k{k}") for k in range(9)]),
    ),
    "values of a slice key": (
        f"{definition.MAX_SLICE_VALUES:,}",
        "INVALID_ARGUMENT",
        created(slices=[monitor_pb2.SliceKey(key="k", max_values=1001)]),
    ),
    "windows": (
        f"{definition.MAX_WINDOWS}",
        "INVALID_ARGUMENT",
        created(windows=[monitor_pb2.WindowSettings(name=f"w{k}") for k in range(9)]),
    ),
    "letters of a window's name": (
        "32",
        "INVALID_ARGUMENT",
        created(windows=[monitor_pb2.WindowSettings(name="w" * 33)]),
    ),
    "losses of a monitor": (
        f"{definition.MAX_LOSSES}",
        "INVALID_ARGUMENT",
        created(losses=[f"l{k}" for k in range(9)]),
    ),
    "compared pairs of models": (
        f"{definition.MAX_COMPARISONS}",
        "INVALID_ARGUMENT",
        created(
            comparisons=[
                monitor_pb2.ComparisonSettings(champion="a", challenger=f"b{k}") for k in range(5)
            ]
        ),
    ),
    "buckets of the ring": (
        f"{definition.MAX_BUCKETS:,}",
        "INVALID_ARGUMENT",
        created(ring=monitor_pb2.RingSettings(minutes=500, hours=500, days=1)),
    ),
    "elements of a graph's output": (f"{runner.MAX_CELLS:,}", "RESOURCE_EXHAUSTED", many_cells),
}


@pytest.fixture
async def bounded(serve: Serve) -> AsyncIterator[Calls]:
    async with serve(max_monitors=3, max_models=2, max_message_bytes=8 * 2**20) as (_, calls):
        yield calls


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_limit_that_is_passed_has_its_status(bounded: Calls, limit: str) -> None:
    _, status, send = LIMITS[limit]
    with pytest.raises((aio.AioRpcError, BoxGaugeError, RefusedError)) as passed:
        await send(bounded)
    error: Any = passed.value
    if isinstance(error, RefusedError):
        names = {3: "INVALID_ARGUMENT", 8: "RESOURCE_EXHAUSTED"}
        found = f"frame {names[error.args[0]]}"
    else:
        found = error.status if isinstance(error, BoxGaugeError) else error.code().name
    assert found == status, error
    # The service goes on.
    assert await bounded.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest())


def test_the_documents_list_the_limits() -> None:
    text = DOCS.read_text()
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text.split("## Limits")[1], re.M)
    listed = {what: (most.strip("`"), status) for what, most, status in rows}
    for what, (most, status, _) in LIMITS.items():
        shown = status.replace("frame ", "frame: ")
        assert listed.get(what) == (most, shown), what
    others = {
        "tokens": f"{token_file.MAX_TOKENS:,}",
        "watches of health": f"{admission.MAX_WATCHES}",
        "watches of health of a connection": f"{admission.MAX_WATCHES_OF_CONNECTION}",
        "connections over HTTP": f"{metrics_http.MAX_CONNECTIONS}",
        "seconds until a request over HTTP": f"{metrics_http.REQUEST_S:g}",
        "seconds of a connection over HTTP": f"{metrics_http.LONGEST_S:g}",
    }
    for what, most in others.items():
        assert listed[what][0] == most
