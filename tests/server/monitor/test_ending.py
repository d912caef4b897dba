"""Resets and deletions: in the journal's order, and where it refuses them, all is as it was."""

import asyncio
import resource
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from boxgauge.frames import (
    FailedPreconditionError,
    NotFoundError,
    ResourceExhaustedError,
    UnavailableError,
)
from boxgauge.server.journal import Journal
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.surroundings import Surroundings
from tests.server.monitor.test_recovery import (
    BOTH,
    EXACT,
    WAIT_S,
    Failing,
    failing,
    labelled,
    metric,
    predicted,
    restarted,
    said,
)

__all__ = ["failing"]
_BOUNDED = pytest.mark.skipif(sys.platform == "win32", reason="files cannot be bounded there")


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file of this process grow past its first page: the journal's log cannot."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@asynccontextmanager
async def held_up(journal: Journal) -> AsyncIterator[None]:
    """Keep the journal's thread from going on, so that what is asked of it waits together."""
    goes_on, is_held = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        is_held.set()
        goes_on.wait(WAIT_S)

    task = asyncio.create_task(journal._do(hold))  # no part of the journal's promises
    try:
        await asyncio.to_thread(is_held.wait, WAIT_S)
        yield
    finally:
        goes_on.set()
        await task


async def until_asked(journal: Journal, calls: int) -> None:
    """Wait until so many calls wait for the journal's thread."""
    deadline = time.monotonic() + WAIT_S
    while journal._calls._writer._waiting.qsize() < calls:
        assert time.monotonic() < deadline
        await asyncio.sleep(0)


@_BOUNDED
@BOTH
async def test_a_reset_that_is_refused_changes_nothing(
    around: Surroundings, definition: Definition
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", definition)
    await monitor.observe("", labelled(*range(20)))
    await monitor.observe("m", predicted(*range(20)))
    await monitor.keep()
    before = said(await monitor.report("m"))
    with full_disk(), pytest.raises(ResourceExhaustedError):
        await monitor.reset()
    assert said(await monitor.report("m")) == before
    await monitor.observe("", labelled(20))
    await monitor.observe("m", predicted(20))
    await monitor.keep()
    report = await monitor.report("m")
    assert (report.report.images, report.predicted_images) == (21, 21)
    again = (await restarted(around)).get("cam")
    assert said(await again.report("m")) == said(report)
    await monitor.reset()
    assert (monitor.models, monitor.labelled_images) == ([], 0)


@BOTH
async def test_frames_count_on_their_side_of_a_reset_though_it_is_one_commit(
    around: Surroundings, definition: Definition
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", definition)
    await monitor.observe("", labelled(1, 2))
    await monitor.observe("m", predicted(1))
    async with held_up(around.journal):
        before = monitor.observe("m", predicted(2))
        await until_asked(around.journal, 1)
        reset = asyncio.create_task(monitor.reset())
        await until_asked(around.journal, 2)
        behind = monitor.observe("m", predicted(7))
        await until_asked(around.journal, 3)
        async with asyncio.timeout(WAIT_S):
            await monitor.keep()  # of what the reset may forget: it asks nothing of the journal
            await monitor.expire()
        assert around.journal._calls._writer._waiting.qsize() == 3
    assert (await before).accepted == (await behind).accepted == 1
    await reset
    await monitor.observe("", labelled(7))
    report = await monitor.report("m")
    assert (report.report.images, report.predicted_images, report.labelled_images) == (1, 1, 1)
    await monitor.keep()
    again = (await restarted(around)).get("cam")
    assert said(await again.report("m")) == said(report)


async def test_a_reset_goes_on_though_nobody_waits_for_it(around: Surroundings) -> None:
    book = Book(around, max_monitors=4)
    monitor = await book.create("cam", EXACT)
    await monitor.observe("", labelled(1))
    await monitor.observe("m", predicted(1))
    async with held_up(around.journal):
        reset = asyncio.create_task(monitor.reset())
        await until_asked(around.journal, 1)
        reset.cancel()
    await book.settle()
    await monitor.observe("", labelled(2))
    await monitor.observe("m", predicted(2))
    report = await monitor.report("m")
    assert (report.report.images, report.predicted_images) == (1, 1)


@_BOUNDED
@BOTH
async def test_a_monitor_whose_deletion_is_refused_serves(
    around: Surroundings, definition: Definition
) -> None:
    book = Book(around, max_monitors=1)
    monitor = await book.create("cam", definition)
    await monitor.observe("", labelled(1, 2))
    await monitor.observe("m", predicted(1))
    with full_disk(), pytest.raises(ResourceExhaustedError):
        await book.delete("cam")
    assert book.get("cam") is await book.create("cam", definition) is monitor
    await monitor.observe("m", predicted(2))
    report = await monitor.report("m")
    assert report.report.images == 2
    await monitor.keep()
    assert said(await (await restarted(around)).get("cam").report("m")) == said(report)
    await book.delete("cam")
    with pytest.raises(NotFoundError):
        book.get("cam")
    assert (await book.create("cam", definition)).models == []


@_BOUNDED
async def test_what_is_out_of_service_stays_so_where_its_deletion_is_refused(
    around: Surroundings,
) -> None:
    await around.journal.create("strange", b'{"version": 1000}')  # as a later service writes it
    book = Book(around, max_monitors=1)
    await book.restore()
    with full_disk(), pytest.raises(ResourceExhaustedError):
        await book.delete("strange")
    with pytest.raises(FailedPreconditionError, match="out of service"):
        book.get("strange")
    assert metric(around, "boxgauge_monitors_out_of_service") == 1
    await book.delete("strange")
    assert metric(around, "boxgauge_monitors_out_of_service") == 0
    await book.create("strange", EXACT)


async def test_a_reset_and_a_deletion_end_a_recovery_that_rests(
    failing: tuple[Surroundings, Failing],
) -> None:
    around, executor = failing
    book = Book(around, max_monitors=4)
    monitor = await book.create("cam", EXACT)
    await monitor.observe("", labelled(1))
    for end in (monitor.reset, lambda: book.delete("cam")):
        executor.fails = lambda: True
        with pytest.raises(UnavailableError):
            await monitor.observe("m", predicted(1))
        assert metric(around, "boxgauge_monitors_behind") == 1
        await end()
        assert metric(around, "boxgauge_monitors_behind") == 0
        executor.fails = lambda: False
        if end == monitor.reset:
            # At once, and not with the next attempt.
            assert (await monitor.observe("", labelled(1))).accepted == 1
            assert (await monitor.observe("m", predicted(7))).accepted == 1
