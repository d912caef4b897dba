"""What else happens while frames are under way: others, a reset, a failing journal, a bound."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine, EvaluationSettings, ObjectClass
from boxgauge.server.journal import Journal
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Compared, Definition, TallyKind
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from tests.server.calls import Row, predictions, truths

CLASSES = (ObjectClass(1, "cat"), ObjectClass(2, "dog"))
EXACT = Definition(CLASSES, EvaluationSettings())
SKETCH = replace(EXACT, tally=TallyKind.SKETCH)
BOX: Row = (1, 0, 0, 5, 5)
SEVERAL_PARTS = 1300  # frames of one message that are several transactions


@pytest.fixture
async def around(engine: Engine, tmp_path: Path) -> AsyncIterator[Surroundings]:
    with ThreadPoolExecutor(2) as executor:
        journal = await Journal.open(tmp_path / "journal")
        yield Surroundings(
            engine=engine,
            executor=executor,
            journal=journal,
            ledger=Ledger(10**6, 10**6),
            telemetry=Telemetry(CollectorRegistry()),
            clock_us=lambda: 10**15,
            max_models=4,
            max_waiting=1000,
            max_tally_bytes=2**28,
            max_journal_bytes=2**30,
        )
        await journal.close()


def predicted(*ids: int, boxes: int = 1, revision: int = 0) -> Arrivals:
    return arrivals(predictions({k: [(*BOX, 0.9)] * boxes for k in ids}, revision=revision))


def labelled(*ids: int) -> Arrivals:
    return arrivals(truths({k: [BOX] for k in ids}))


async def restarted(around: Surroundings) -> Book:
    """Return the book as a start would find it, over what the journal holds."""
    book = Book(replace(around, telemetry=Telemetry(CollectorRegistry())), max_monitors=4)
    await book.restore()
    return book


async def test_a_checkpoint_that_was_given_up_loses_nothing(around: Surroundings) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", SKETCH)
    await monitor.observe("", labelled(*range(20)))
    await monitor.observe("m", predicted(*range(20)))
    given_up = asyncio.create_task(monitor.keep())
    await asyncio.sleep(0)  # it has taken what changed, and packs it
    given_up.cancel()
    await asyncio.wait([given_up])
    await monitor.observe("m", predicted(20))
    await monitor.keep()
    again = (await restarted(around)).get("cam")
    report = await again.report("m")
    assert (report.report.images, report.predicted_images) == (20, 21)


async def test_a_comparison_under_way_leaves_nothing_of_a_monitor_that_was_deleted(
    around: Surroundings,
) -> None:
    book = Book(around, max_monitors=4)
    monitor = await book.create("cam", replace(EXACT, comparisons=(Compared("m", "n"),)))
    await monitor.observe("", labelled(1, 2))
    await monitor.observe("m", predicted(1, 2))
    await monitor.observe("n", predicted(1, 2, boxes=2))
    ticket = around.turns.ticket(is_urgent=True)
    reports, is_next = 0, asyncio.Event()

    async def rest(_worked_s: float) -> None:
        nonlocal reports
        reports += 1
        if reports == 2:
            await ticket.__aenter__()  # what comes next, the comparison, waits for its turn
            is_next.set()

    refreshing = asyncio.create_task(monitor.refresh(rest))
    await is_next.wait()
    await book.delete("cam")
    await ticket.__aexit__(None, None, None)
    await refreshing
    assert b'monitor="cam"' not in around.telemetry.text()
