"""What a service says at the end of a campaign, in a form that is equal only bit for bit."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from grpc import aio
from prometheus_client import CollectorRegistry
from promises import promised
from traffic_script import (
    MODELS,
    MONITORS,
    SLICES,
    TRUTH,
    WINDOWS,
    Script,
    create_request,
)

from boxgauge.engine import Engine
from boxgauge.engine.sketch.format import SEAL, pack_sketch, unpack_sketch
from boxgauge.engine.sketch.rows import code_of
from boxgauge.server.app import App
from boxgauge.server.journal import Journal
from boxgauge.server.monitor.contents import content_of
from boxgauge.server.monitor.definition_bytes import definition_of
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.steps import beside, model_store, steps_of
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.settings import read_settings
from boxgauge.server.telemetry import Telemetry
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc, report_pb2

# By monitor, model, window and slice: everything that a report says, as bytes.
Said = dict[tuple[str, ...], bytes]
_MOST = 2**30


async def said(address: str, monitors: Sequence[str] = MONITORS) -> Said:
    """Return all reports, comparisons and tallies of a service."""
    found: Said = {}
    async with aio.insecure_channel(address, options=_OPTIONS) as channel:
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
        for monitor in monitors:
            for window in WINDOWS:
                for name in SLICES:
                    for model in MODELS:
                        request = monitor_pb2.GetReportRequest(
                            monitor=monitor, model=model, window=window, slice=name
                        )
                        report = (await stub.GetReport(request)).report
                        key = monitor, "report", model, window, name
                        found[key] = _comparable(report).SerializeToString(deterministic=True)
                    compared = monitor_pb2.CompareModelsRequest(
                        monitor=monitor,
                        champion=MODELS[0],
                        challenger=MODELS[1],
                        window=window,
                        slice=name,
                    )
                    answer = await stub.CompareModels(compared)
                    found[monitor, "comparison", "", window, name] = (
                        answer.comparison.SerializeToString(deterministic=True)
                    )
            found |= await _tallies(stub, monitor)
    return found


async def check_counts(address: str, script: Script, monitors: Sequence[str] = MONITORS) -> None:
    """Check that reports count exactly the images and boxes that the script has.

    Raises:
        BrokenPromiseError: They do not; says which count of what.
    """
    async with aio.insecure_channel(address) as channel:
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
        for monitor in monitors:
            for model in MODELS:
                request = monitor_pb2.GetReportRequest(monitor=monitor, model=model)
                report = (await stub.GetReport(request)).report
                joined = script.joined(model)
                found = {
                    "images": report.images,
                    "predicted_images": report.predicted_images,
                    "labelled_images": report.labelled_images,
                    "detections": report.detections,
                    "positives": report.positives,
                    "notes": len(report.notes),
                }
                wanted = {
                    "images": len(joined),
                    "predicted_images": script.held(model),
                    "labelled_images": script.held(TRUTH),
                    "detections": sum(len(side.rows) for side, _ in joined),
                    "positives": sum(len(truth.rows) for _, truth in joined),
                    "notes": 0,
                }
                promised(is_kept=found == wanted, claim=f"{model}: {found}, not {wanted}")


@asynccontextmanager
async def serving(engine: Engine, journal: Path) -> AsyncIterator[str]:
    """Run a service over a journal in this process, and yield its address."""
    settings = read_settings(port=0, metrics_port=0, journal=journal)
    async with App(settings, registry=CollectorRegistry(), engine=engine) as app:
        yield app.address


@asynccontextmanager
async def clean(engine: Engine, *scripts: Script) -> AsyncIterator[str]:
    """Run a service that was told all of the scripts once, in another order, and no faults."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            serving(engine, Path(folder) / "journal.db") as address,
            aio.insecure_channel(address) as channel,
        ):
            stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
            for script in scripts:
                for monitor in script.monitors:
                    await stub.CreateMonitor(create_request(monitor, script.begin_s))
                # One sender after the other, the last one first.
                for messages in reversed(script.sent.values()):
                    async for answer in stub.Observe(iter(messages)):
                        promised(is_kept=not answer.errors, claim=f"all is taken: {answer}")
            yield address


async def rebuilt(engine: Engine, journal: Path) -> Said:
    """Return the tallies that follow from the sides that a closed journal holds, and no more.

    No checkpoint and no log of changes is read: what a tally has twice or lacks would show.
    """
    found: Said = {}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as executor:
        copied = Path(folder) / "journal.db"
        shutil.copy(journal, copied)
        opened = await Journal.open(copied)
        around = Surroundings(
            engine=engine,
            executor=executor,
            lanes=Lanes(executor, executor),
            journal=opened,
            ledger=Ledger(_MOST, _MOST),
            telemetry=Telemetry(CollectorRegistry()),
            clock_us=lambda: 0,
            max_models=16,
            max_waiting=64,
            max_tally_bytes=_MOST,
            max_journal_bytes=_MOST,
        )
        for kept in await opened.monitors():
            definition = definition_of(kept.definition)
            stores = Stores(definition, around)
            matcher = Matcher(engine, definition.settings, executor, max_waiting=64)
            async for changes in opened.current(kept.id, beside=beside(definition.comparisons)):
                steps = steps_of(changes, definition.comparisons)
                different = list({step.joined.key: step.joined for step in steps}.values())
                matched = await matcher.match(different) if different else None
                stores.apply(changes, steps, different, matched)
            for model in MODELS:
                for window in definition.windows:
                    for name in ("", *sorted(stores.slices())):
                        held = content_of(stores.store(model_store(model)), window, name)
                        key = kept.name, "tally", model, window.name, name
                        found[key] = counted(held.tally())
        await opened.close()
    return found


def differences(ours: Said, theirs: Said) -> list[str]:
    """Return what is said otherwise, or by one alone."""
    keys = sorted(ours.keys() | theirs.keys())
    return [" / ".join(key) for key in keys if ours.get(key) != theirs.get(key)]


def counted(tally: bytes) -> bytes:
    """Return a tally as bytes without the rows of a sketch whose count has fallen to nothing.

    A row stays when what it counted was corrected: bins are as wide as all that was ever there
    asks. What was overtaken by its own correction never was, in one order of arrival or another.
    """
    if not tally.startswith(SEAL.magic):
        return tally
    classes, settings, rows, patterns, totals = unpack_sketch(tally)
    left = rows.counts > 0
    kept = replace(rows, ids=rows.ids[left], counts=rows.counts[left])
    used = np.unique(code_of(kept.ids)).astype(np.int64)
    codes = np.zeros(len(patterns), np.int64)
    codes[used] = np.arange(len(used))
    names = tuple(patterns[k] for k in used.tolist())
    return pack_sketch(classes, settings, kept.renamed(codes), names, totals)


def only_tallies(of: Said) -> Said:
    """Return the tallies alone."""
    return {key: value for key, value in of.items() if key[1] == "tally"}


async def _tallies(stub: monitor_pb2_grpc.MonitorServiceStub, monitor: str) -> Said:
    found: Said = {}
    for window in WINDOWS:
        request = monitor_pb2.ExportTalliesRequest(monitor=monitor, window=window)
        async for part in stub.ExportTallies(request):
            key = monitor, "tally", part.model, window, part.slice
            found[key] = found.get(key, b"") + part.part
    return {key: counted(tally) for key, tally in found.items()}


def _comparable(report: report_pb2.Report) -> report_pb2.Report:
    """Return the report without what tells of the clock and of the order of arrival.

    Labels arrive when they arrive, and an estimate is tried on the images of the moment.
    """
    report.ClearField("label_delay")
    report.ClearField("age_s")
    report.estimate.ClearField("ap50_error")
    return report


_OPTIONS = (("grpc.max_receive_message_length", -1),)
