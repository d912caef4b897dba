"""Monitors made, reset and deleted: in the journal's order; refused, all is as it was."""

import asyncio

import pytest

from boxgauge.frames import (
    FailedPreconditionError,
    NotFoundError,
    ResourceExhaustedError,
    UnavailableError,
)
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.surroundings import Surroundings
from tests.server.journal.moments import FULL, full_disk, held_up, until_asked
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


@FULL
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


@FULL
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


@FULL
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


async def test_a_monitor_is_made_though_nobody_waits_for_it(around: Surroundings) -> None:
    book = Book(around, max_monitors=1)
    async with held_up(around.journal):
        creating = asyncio.create_task(book.create("cam", EXACT))
        await until_asked(around.journal, 1)
        creating.cancel()
    await book.settle()
    (kept,) = await around.journal.monitors()
    assert kept.name == "cam"
    assert await book.create("cam", EXACT) is book.get("cam"), "and may be asked for again"
    await book.delete("cam")


@FULL
async def test_a_monitor_that_a_full_disk_refuses_is_not_there(around: Surroundings) -> None:
    book = Book(around, max_monitors=1)
    with full_disk(), pytest.raises(ResourceExhaustedError, match="the file system of the journal"):
        await book.create("cam", EXACT)
    with pytest.raises(NotFoundError):
        book.get("cam")
    assert (await book.create("cam", EXACT)).models == []
