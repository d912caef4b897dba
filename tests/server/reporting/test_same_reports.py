"""What the process of its own makes is what threads make, bit for bit."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from google.protobuf.message import Message
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.server.app import App
from boxgauge.server.settings import read_settings
from boxgauge.v1 import monitor_pb2
from tests.server.calls import Calls, Sides, predictions, truths

TRUTH = [(1, 10, 10, 20, 20), (2, 50, 50, 40, 40)]
MODELS = ("m", "n")
IMAGES = range(160)
START_US = (int(time.time()) - 7200) * 1_000_000
ASKED = monitor_pb2.MonitorSettings(
    slices=[monitor_pb2.SliceKey(key="camera")],
    losses=["giou_loss", "focal_loss"],
    comparisons=[monitor_pb2.ComparisonSettings(champion="m", challenger="n")],
    drift=monitor_pb2.DriftSettings(reference_s=1200),
)


def sides(model: str) -> Sides:
    """Return detections that are shifted and scored by the image, and fewer of the second model."""
    step = 1 + MODELS.index(model)
    return {
        k: [
            (label, x + k % 7, y, w, h, (k * 37 + label * 11) % 97 / 97)
            for label, x, y, w, h in TRUTH[: 1 + k % 3 // step]
        ]
        for k in IMAGES
    }


@asynccontextmanager
async def served(graphs_dir: Path, *, in_process: bool) -> AsyncIterator[tuple[App, Calls]]:
    settings = read_settings(
        graphs=graphs_dir,
        port=0,
        metrics_port=0,
        drain_s=0,
        ephemeral=True,
        report_process=in_process,
    )
    async with (
        App(settings, registry=CollectorRegistry()) as app,
        aio.insecure_channel(app.address) as channel,
    ):
        yield app, Calls(channel)


async def said(calls: Calls, kind: monitor_pb2.TallyKind) -> list[Message]:
    """Return all that a monitor of some frames says that no clock has a part in."""
    asked = monitor_pb2.MonitorSettings(tally=kind)
    asked.MergeFrom(ASKED)
    name = f"kind-{kind}"
    await calls.create(name, asked)
    times = {k: START_US + k * 20_000_000 for k in IMAGES}
    tags = {"camera": {k: str(k % 3) for k in IMAGES}}
    labelled = {k: list(TRUTH) for k in IMAGES if k % 4}
    for model in MODELS:
        frames = predictions(sides(model), times_us=times, tags=tags)
        (answer,) = await calls.observe(frames, monitor=name, model=model)
        assert answer.accepted == len(IMAGES)
    await calls.observe(truths(labelled), monitor=name)
    found: list[Message] = []
    for model in MODELS:
        for slice_ in ("", "camera=1"):
            report = await calls.report(name, model, slice=slice_)
            assert report.labelled_images
            report.ClearField("label_delay")
            report.ClearField("age_s")
            found.append(report)
        request = monitor_pb2.ExportTalliesRequest(monitor=name, model=model)
        found += [each async for each in calls.monitors.ExportTallies(request)]
    compared = monitor_pb2.CompareModelsRequest(monitor=name, champion="m", challenger="n")
    found.append(await calls.monitors.CompareModels(compared))
    return found


@pytest.mark.parametrize("kind", [monitor_pb2.TALLY_KIND_EXACT, monitor_pb2.TALLY_KIND_SKETCH])
async def test_reports_comparisons_and_tallies(
    graphs_dir: Path, kind: monitor_pb2.TallyKind
) -> None:
    async with served(graphs_dir, in_process=False) as (app, calls):
        wanted = await said(calls, kind)
        assert _process_bytes(app) == 0
    async with served(graphs_dir, in_process=True) as (app, calls):
        found = await said(calls, kind)
        assert _process_bytes(app) > 2**24
    assert found == wanted


def _process_bytes(app: App) -> float:
    name = "boxgauge_report_process_resident_memory_bytes "
    lines = app.telemetry.text().decode().splitlines()
    (line,) = (each for each in lines if each.startswith(name))
    return float(line.split()[1])
