"""Many callers at once, on the same images: the stores are what the journal says."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boxgauge.engine import Engine
from boxgauge.server.monitor.outcomes import EXPIRED_JOINED
from boxgauge.v1 import frames_pb2, monitor_pb2, monitor_pb2_grpc, report_pb2
from tests.integration.monitor_world import (
    BEGIN,
    EXACT,
    HOUR,
    MINUTE,
    SKETCH,
    TRUTH,
    Service,
    Side,
    frames_of,
    settings,
)

MODELS = ("a", "b")
CALLERS, MESSAGES, IMAGES = 8, 40, 30


def side(chance: random.Random, model: str, revision: int, at_us: int) -> Side:
    rows = tuple(
        (chance.randint(1, 3), 10.0 * chance.randint(0, 2), 0.0, 20.0, chance.choice([20.0, 30.0]))
        for _ in range(chance.randint(0, 4))
    )
    if model == TRUTH:
        return Side(revision, rows, source=chance.choice(["", "random"]))
    scored = tuple((*row, chance.choice([0.2, 0.5, 0.9])) for row in rows)
    return Side(revision, scored, False, at_us, chance.choice(["", "north", "south"]))


def message(chance: random.Random, step: int) -> tuple[str, frames_pb2.Frames]:
    """Return predictions and labels of some images, some of them corrections."""
    model, found = chance.choice(MODELS), frames_pb2.Frames()
    # Time goes on fast enough for images to expire while others are corrected.
    now_us = BEGIN + step * HOUR
    for image in chance.sample(range(IMAGES), 6):
        at_us = now_us - chance.choice([0, MINUTE, 25 * HOUR])
        for of in chance.sample([model, TRUTH], chance.randint(1, 2)):
            made = side(chance, of, chance.randint(0, step), max(at_us, 1))
            found.MergeFrom(frames_of(of, image, made))
    return model, found


@pytest.mark.parametrize("seed", range(3))
def test_callers_at_once_leave_what_a_restart_makes_of_the_journal(
    engine: Engine, graphs_dir: Path, tmp_path: Path, seed: int
) -> None:
    service = Service(engine, graphs_dir, tmp_path / "journal")
    try:
        for kind in (EXACT, SKETCH):
            request = monitor_pb2.CreateMonitorRequest(monitor=kind, settings=settings(kind))
            service.call("CreateMonitor", request)
        service.run(traffic(service, seed))
        before = reports(service)
        assert any(each.images for each in before.values())
        has_expired = EXPIRED_JOINED in dict(service.book().get(EXACT).outcomes.items())
        service.stop()
        service.start()
        after = reports(service)
        for key, report in before.items():
            if has_expired and key[0] == EXACT:
                # Learned from frames that expired since: a restart knows those that are held.
                report.ClearField("estimate")
                after[key].ClearField("estimate")
            assert after[key] == report, (key, differences(report, after[key]))
    finally:
        service.close()


async def traffic(service: Service, seed: int) -> None:
    """Send from many callers at once, while frames expire and reports are made."""
    stub = monitor_pb2_grpc.MonitorServiceStub(service.channel())
    done = asyncio.Event()

    async def caller(number: int) -> None:
        chance = random.Random(1000 * seed + number)

        async def requests() -> AsyncIterator[monitor_pb2.ObserveRequest]:
            for step in range(MESSAGES):
                model, frames = message(chance, step)
                for kind in (EXACT, SKETCH):
                    yield monitor_pb2.ObserveRequest(monitor=kind, model=model, frames=frames)

        async for answer in stub.Observe(requests()):
            for error in answer.errors:
                assert error.field in ("revision", "event_times_us"), error

    async def tend() -> None:
        while not done.is_set():
            await service.book().tend()
            await service.book().refresh()
            await asyncio.sleep(0)

    tending = asyncio.create_task(tend())
    await asyncio.gather(*(caller(each) for each in range(CALLERS)))
    done.set()
    await tending
    # What a restart would forget first is forgotten before the two are compared.
    await service.book().tend()


def reports(service: Service) -> dict[tuple[str, ...], report_pb2.Report]:
    found = {}
    for kind in (EXACT, SKETCH):
        for model in MODELS:
            for window in ("all", "26h"):
                request = monitor_pb2.GetReportRequest(monitor=kind, model=model, window=window)
                report = service.call("GetReport", request).report
                report.ClearField("age_s")
                # Learned in another order: sums of errors of another run of images.
                report.estimate.ClearField("ap50_error")
                # A float32 graph: its last bits follow from the batch.
                report.losses.ClearField("bce")
                found[kind, model, window] = report
    return found


def differences(one: report_pb2.Report, other: report_pb2.Report) -> dict[str, tuple[str, str]]:
    """Return the fields that differ, for a reader."""
    names = [each.name for each in report_pb2.Report.DESCRIPTOR.fields]
    return {
        name: (str(getattr(one, name))[:300], str(getattr(other, name))[:300])
        for name in names
        if getattr(one, name) != getattr(other, name)
    }
