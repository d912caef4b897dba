"""Frames that were journalled and could not be counted: counted as soon as that is possible."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import ParamSpec, TypeVar

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import BoxGaugeError, UnavailableError
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Compared, Definition, TallyKind
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.monitor import Monitor
from boxgauge.server.monitor.reporter import MISSED
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.server.wire.quality_out import comparison_out
from boxgauge.server.wire.reports_out import monitor_report_out
from boxgauge.v1 import report_pb2
from tests.server.calls import Row, predictions, truths

P, T = ParamSpec("P"), TypeVar("T")
EXACT = Definition(
    (ObjectClass(1, "cat"),), EvaluationSettings(), comparisons=(Compared("m", "n"),)
)
SKETCH = replace(EXACT, tally=TallyKind.SKETCH)
BOTH = pytest.mark.parametrize("definition", [EXACT, SKETCH], ids=["exact", "sketch"])
BOX: Row = (1, 0, 0, 5, 5)
WAIT_S = 30.0


class Failing(ThreadPoolExecutor):
    """Fails runs of matching while it is told to; everything else it runs.

    Attributes:
        fails: Asked before each run.
    """

    fails: Callable[[], bool] = staticmethod(lambda: False)

    def submit(self, work: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> Future[T]:
        if isinstance(getattr(work, "__self__", None), Matcher) and self.fails():
            raise MemoryError("no memory to match in")
        return super().submit(work, *args, **options)


@pytest.fixture
async def failing(around: Surroundings) -> AsyncIterator[tuple[Surroundings, Failing]]:
    with Failing(2) as executor:
        yield replace(around, executor=executor), executor


def predicted(*ids: int, score: float = 0.9, revision: int = 0) -> Arrivals:
    return arrivals(predictions({k: [(*BOX, score)] for k in ids}, revision=revision))


def labelled(*ids: int) -> Arrivals:
    return arrivals(truths({k: [BOX] for k in ids}))


def said(report: MonitorReport) -> report_pb2.Report:
    """Return all that a report says but how old it is."""
    found = monitor_report_out(report)
    found.ClearField("age_s")
    return found


def metric(around: Surroundings, name: str) -> float:
    lines = around.telemetry.text().decode().splitlines()
    return next(float(each.split()[1]) for each in lines if each.startswith(f"{name} "))


async def until_taken(monitor: Monitor, frames: Arrivals, model: str = "m") -> None:
    """Send until it is taken, as a sender does."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            assert (await monitor.observe(model, frames)).refused == []
        except UnavailableError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        else:
            return


async def restarted(around: Surroundings) -> Book:
    book = Book(replace(around, telemetry=Telemetry(CollectorRegistry())), max_monitors=4)
    await book.restore()
    return book


async def test_matching_that_fails_once_is_tried_again_and_nobody_notices(
    failing: tuple[Surroundings, Failing],
) -> None:
    around, executor = failing
    monitor = await Book(around, max_monitors=4).create("cam", EXACT)
    await monitor.observe("", labelled(1, 2))
    failures = iter([True, True])
    executor.fails = lambda: next(failures, False)
    assert (await monitor.observe("m", predicted(1, 2))).accepted == 2
    report = await monitor.report("m")
    assert (report.report.images, report.report.notes) == (2, ())
    assert dict(monitor.outcomes.items()).get("not_counted") is None


@BOTH
async def test_what_could_not_be_counted_is_counted_before_it_is_acknowledged(
    failing: tuple[Surroundings, Failing], definition: Definition
) -> None:
    around, executor = failing
    monitor = await Book(around, max_monitors=4).create("cam", definition)
    await monitor.observe("", labelled(1, 2, 3, 4))
    await monitor.observe("m", predicted(1))
    await monitor.keep()
    await monitor.observe("n", predicted(1, 2, score=0.5))
    # Until it is given up: the first attempt to make up for it goes well.
    executor.fails = lambda: "not_counted" not in dict(monitor.outcomes.items())
    behind = monitor.observe("m", predicted(2))
    beside = monitor.observe("n", predicted(3))
    assert (await behind).accepted == (await beside).accepted == 1
    assert (await monitor.observe("m", predicted(1, score=0.1, revision=1))).accepted == 1
    assert dict(monitor.outcomes.items())["not_counted"] >= 1
    await monitor.keep()
    again = (await restarted(around)).get("cam")
    for model, images in (("m", 2), ("n", 3)):
        report, theirs = await monitor.report(model), await again.report(model)
        assert (report.report.images, report.predicted_images) == (images, images)
        assert report.report.notes == ()
        assert said(report) == said(theirs)
    ours, theirs = await monitor.compare("m", "n"), await again.compare("m", "n")
    assert comparison_out(ours) == comparison_out(theirs)


@BOTH
async def test_while_it_cannot_be_counted_frames_are_refused_and_other_monitors_go_on(
    failing: tuple[Surroundings, Failing], around: Surroundings, definition: Definition
) -> None:
    failed, executor = failing
    monitor = await Book(failed, max_monitors=4).create("cam", definition)
    other = await Book(around, max_monitors=4).create("other", definition)
    for each in (monitor, other):
        await each.observe("", labelled(1, 2, 3))
        await each.observe("m", predicted(1))
    executor.fails = lambda: True
    with pytest.raises(UnavailableError, match=r"monitor cam .* could not be counted"):
        await monitor.observe("m", predicted(2))
    held = around.journal.counts(monitor.key).sides
    with pytest.raises(UnavailableError, match="made anew from the journal"):
        await monitor.observe("m", predicted(3))
    assert around.journal.counts(monitor.key).sides == held, "what is refused is not journalled"
    assert metric(failed, "boxgauge_monitors_behind") == 1
    report = await monitor.report("m")
    assert (report.report.images, report.report.notes) == (1, (MISSED,))
    assert (await other.observe("m", predicted(2))).accepted == 1
    assert (await other.report("m")).report.images == 2
    await monitor.keep()  # which must not go past the gap
    executor.fails = lambda: False
    await until_taken(monitor, predicted(3))
    report = await monitor.report("m")
    assert (report.report.images, report.report.notes) == (3, ())
    assert metric(failed, "boxgauge_monitors_behind") == 0
    await monitor.keep()
    again = (await restarted(around)).get("cam")
    assert said(await again.report("m")) == said(report)


async def test_a_monitor_is_reset_and_deleted_while_it_cannot_count(
    failing: tuple[Surroundings, Failing],
) -> None:
    around, executor = failing
    book = Book(around, max_monitors=4)
    monitor = await book.create("cam", EXACT)
    await monitor.observe("", labelled(1, 2))
    executor.fails = lambda: True
    with pytest.raises(UnavailableError):
        await monitor.observe("m", predicted(1))
    await monitor.reset()
    executor.fails = lambda: False
    await until_taken(monitor, labelled(7))
    await until_taken(monitor, predicted(7))
    assert (await monitor.report("m")).report.images == 1
    executor.fails = lambda: True
    with pytest.raises(UnavailableError):
        await monitor.observe("m", predicted(7, revision=1))
    await book.delete("cam")
    with pytest.raises(BoxGaugeError):
        await until_taken(monitor, predicted(8))
    deadline = time.monotonic() + WAIT_S
    while metric(around, "boxgauge_monitors_behind"):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_service_that_stops_does_not_wait_for_what_cannot_be_counted(
    failing: tuple[Surroundings, Failing], around: Surroundings
) -> None:
    failed, executor = failing
    book = Book(failed, max_monitors=4)
    monitor = await book.create("cam", SKETCH)
    await monitor.observe("", labelled(1))
    executor.fails = lambda: True
    with pytest.raises(UnavailableError):
        await monitor.observe("m", predicted(1))
    async with asyncio.timeout(WAIT_S):
        await book.stop()
    await book.tend()
    again = (await restarted(around)).get("cam")
    assert (await again.report("m")).report.images == 1
