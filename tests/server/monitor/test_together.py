"""Messages that wait together are journalled and counted at once; a fault stays with its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import DataLossError, UnavailableError
from boxgauge.server.journal import Commit, Journal
from boxgauge.server.monitor import recovery
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Definition, TallyKind
from boxgauge.server.monitor.intake import Observed
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.monitor import Monitor
from boxgauge.server.monitor.reporter import UNMATCHED
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from tests.server.calls import Row, predictions, truths

P, T = ParamSpec("P"), TypeVar("T")
EXACT = Definition((ObjectClass(1, "cat"), ObjectClass(2, "dog")), EvaluationSettings())
SKETCH = replace(EXACT, tally=TallyKind.SKETCH)
BOX: Row = (1, 0, 0, 5, 5)
BOTH = pytest.mark.parametrize("definition", [EXACT, SKETCH], ids=["exact", "sketch"])
MESSAGES = 40


class Picky(ThreadPoolExecutor):
    """Cannot run what has one of these images in it."""

    refuses: frozenset[int] = frozenset()

    def submit(self, work: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> Future[T]:
        items: Any = args[0] if args else []
        if any(each.image_id in self.refuses for item in items for each in item.joined):
            raise MemoryError("no memory to run it in")
        return super().submit(work, *args, **options)


@pytest.fixture
def commits() -> list[Commit]:
    return []


@pytest.fixture
async def around(
    around: Surroundings, tmp_path: Path, commits: list[Commit]
) -> AsyncIterator[Surroundings]:
    journal = await Journal.open(tmp_path / "told of", on_commit=commits.append)
    with Picky(2) as executor:
        yield replace(around, executor=executor, lanes=Lanes(executor, executor), journal=journal)
    await journal.close()


def predicted(*ids: int, revision: int = 0) -> Arrivals:
    return arrivals(predictions({k: [(*BOX, 0.9)] for k in ids}, revision=revision))


async def answers(monitor: Monitor, *messages: Arrivals) -> list[Observed | BaseException]:
    waiting = [monitor.observe("m", each) for each in messages]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def labelled(around: Surroundings, definition: Definition) -> Monitor:
    monitor = await Book(around, max_monitors=4).create("cam", definition)
    await monitor.observe("", arrivals(truths({k: [BOX] for k in range(MESSAGES)})))
    return monitor


@BOTH
async def test_messages_that_wait_together_share_few_calls_and_are_answered_each(
    around: Surroundings, commits: list[Commit], definition: Definition
) -> None:
    monitor = await labelled(around, definition)
    commits.clear()
    messages = [predicted(k) for k in range(MESSAGES - 1)]
    messages += [predicted(3, MESSAGES - 1), predicted(3, revision=1)]
    found = await answers(monitor, *messages)
    assert [each.accepted for each in found if isinstance(each, Observed)] == [1] * 39 + [2, 1]
    assert sum(each.jobs for each in commits) <= 5
    report = await monitor.report("m")
    assert (report.report.images, report.predicted_images) == (MESSAGES, MESSAGES)
    assert (await monitor.observe("m", predicted(*range(MESSAGES), revision=1))).unchanged == 1


async def test_an_image_that_cannot_be_matched_fails_its_own_message_alone(
    around: Surroundings,
) -> None:
    monitor = await labelled(around, EXACT)
    assert isinstance(around.executor, Picky)
    around.executor.refuses = frozenset({5, 20})
    found = await answers(monitor, *(predicted(k, k + 100) for k in range(MESSAGES)))
    failed = [k for k, each in enumerate(found) if isinstance(each, UnavailableError)]
    assert failed == [5, 20]
    assert (await monitor.report("m")).report.images == MESSAGES - 2
    around.executor.refuses = frozenset()
    assert (await (await restarted(around)).report("m")).report.images == MESSAGES


async def restarted(around: Surroundings) -> Monitor:
    book = Book(replace(around, telemetry=Telemetry(CollectorRegistry())), max_monitors=4)
    await book.restore()
    return book.get("cam")


async def until_behind(around: Surroundings, monitors: int) -> None:
    deadline = time.monotonic() + 30
    while f"\nboxgauge_monitors_behind {monitors}.0\n" not in around.telemetry.text().decode():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def until_counted(monitor: Monitor, images: int) -> None:
    deadline = time.monotonic() + 30
    while (report := (await monitor.report("m")).report).images != images or report.notes:
        assert time.monotonic() < deadline, report.notes
        await asyncio.sleep(0.02)


@BOTH
async def test_an_image_that_can_be_matched_again_is_counted(
    around: Surroundings, definition: Definition
) -> None:
    monitor = await labelled(around, definition)
    assert isinstance(around.executor, Picky)
    around.executor.refuses = frozenset({7})
    with pytest.raises(UnavailableError, match="image 7 of monitor cam is journalled"):
        await monitor.observe("m", predicted(*range(10)))
    around.executor.refuses = frozenset()
    assert (await monitor.observe("m", predicted(*range(10)))).unchanged == 10
    await until_counted(monitor, 10)
    await monitor.keep()
    number = monitor._state.stores.number
    assert monitor._checkpoints._saved == number > 0, "checkpoints go on"
    await until_behind(around, 0)
    assert (await (await restarted(around)).report("m")).report.images == 10


@BOTH
async def test_an_image_that_cannot_be_matched_keeps_nobody_out_and_is_tried_again(
    around: Surroundings,
    definition: Definition,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(recovery, "MOST_REST_S", 0.2)
    monitor = await labelled(around, definition)
    await monitor.observe("m", predicted(1))
    await monitor.keep()
    assert isinstance(around.executor, Picky)
    around.executor.refuses = frozenset({7})
    with pytest.raises(UnavailableError, match="image 7"):  # alone: nothing else is behind it
        await monitor.observe("m", predicted(7))
    deadline = time.monotonic() + 30
    while "were made anew" not in caplog.text:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    assert (await monitor.observe("m", predicted(8))).accepted == 1
    with pytest.raises(UnavailableError, match="image 7"):
        await monitor.observe("m", predicted(7, revision=1))
    report = (await monitor.report("m")).report
    assert (report.images, report.notes) == (2, (f"1 {UNMATCHED}",))
    await until_behind(around, 1)
    around.executor.refuses = frozenset()
    await until_counted(monitor, 3)
    await until_behind(around, 0)


async def test_a_reset_leaves_nothing_to_try_again(around: Surroundings) -> None:
    monitor = await labelled(around, EXACT)
    assert isinstance(around.executor, Picky)
    around.executor.refuses = frozenset({7})
    with pytest.raises(UnavailableError):
        await monitor.observe("m", predicted(6, 7))
    await until_behind(around, 1)
    await monitor.reset()
    await until_behind(around, 0)


@pytest.mark.parametrize(
    ("definition", "bounds"),
    [(EXACT, {"ledger": Ledger(100, 4)}), (SKETCH, {"max_tally_bytes": 1})],
    ids=["held images", "tally bytes"],
)
async def test_what_is_held_already_needs_no_room(
    around: Surroundings, definition: Definition, bounds: dict[str, Any]
) -> None:
    full = replace(around, **bounds)
    monitor = await Book(full, max_monitors=4).create("cam", definition)
    await monitor.observe("", arrivals(truths({1: [BOX], 2: [BOX]})))
    assert (await monitor.observe("m", predicted(1, 2))).accepted == 2
    found = await monitor.observe("m", predicted(1, 2, 3))
    assert (found.accepted, found.unchanged) == (2, 2)
    assert [each.image_id for each in found.refused] == [3]
    assert (await monitor.observe("m", predicted(1, revision=1))).accepted == 0
    assert around.journal.counts(monitor.key).sides == 4
    await monitor.reset()  # and what was refused has reserved nothing
    assert (await monitor.observe("m", predicted(1, 2, 3, 4))).accepted == 4


async def test_a_damaged_row_fails_the_message_that_reads_it_alone(around: Surroundings) -> None:
    monitor = await labelled(around, SKETCH)
    # While it runs: at a start all rows are verified, and a damaged one is refused or given up.
    await around.journal._do(
        lambda store: store.execute("UPDATE sides SET digest = x'00' WHERE image = 12")
    )
    found = await answers(monitor, *(predicted(k) for k in range(MESSAGES)))
    failed = [k for k, each in enumerate(found) if isinstance(each, DataLossError)]
    assert failed == [12]
    assert (await monitor.report("m")).report.images == MESSAGES - 1
