"""What else happens while frames are under way: others, a reset, a failing journal, a bound."""

import asyncio
import random
import re
import time
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import NotFoundError, UnavailableError
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.definition import Compared, Definition, SliceKey, TallyKind
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.monitor.together import TAKE_AT_ONCE
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from tests.server.calls import Row, predictions, truths
from tests.server.monitor.test_recovery import metric

CLASSES = (ObjectClass(1, "cat"), ObjectClass(2, "dog"))
EXACT = Definition(CLASSES, EvaluationSettings())
SKETCH = replace(EXACT, tally=TallyKind.SKETCH)
BOX: Row = (1, 0, 0, 5, 5)
SEVERAL_PARTS = 1300  # frames of one message that are several transactions


def predicted(*ids: int, boxes: int = 1, revision: int = 0) -> Arrivals:
    return arrivals(predictions({k: [(*BOX, 0.9)] * boxes for k in ids}, revision=revision))


def labelled(*ids: int) -> Arrivals:
    return arrivals(truths({k: [BOX] for k in ids}))


async def restarted(around: Surroundings) -> Book:
    """Return the book as a start would find it, over what the journal holds."""
    book = Book(replace(around, telemetry=Telemetry(CollectorRegistry())), max_monitors=4)
    await book.restore()
    return book


async def test_a_message_that_is_overtaken_between_its_parts_is_counted_in_the_journals_order(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", EXACT)
    everything = range(SEVERAL_PARTS)
    await monitor.observe("", labelled(*everything))
    long = monitor.observe("m", predicted(*everything, revision=1))
    # It is journalled behind the first part, and corrected by the last one.
    short = monitor.observe("m", predicted(SEVERAL_PARTS - 1, boxes=3))
    assert (await long).accepted == SEVERAL_PARTS
    assert (await short).accepted == 1
    report = await monitor.report("m")
    assert report.report.images == report.report.detections == SEVERAL_PARTS


@pytest.mark.parametrize("definition", [EXACT, SKETCH], ids=["exact", "sketch"])
async def test_frames_journalled_after_a_reset_are_counted_after_it(
    around: Surroundings, definition: Definition
) -> None:
    sliced = replace(definition, slices=(SliceKey("camera"),))
    monitor = await Book(around, max_monitors=4).create("cam", sliced)
    ids = range(SEVERAL_PARTS)
    came = arrivals(predictions({k: [] for k in ids}, tags={"camera": dict.fromkeys(ids, "north")}))
    long = monitor.observe("m", came)
    await monitor.change_after(1)  # the first part is there, and others are under way
    await monitor.reset()
    await long
    left = around.journal.counts(monitor.key).predicted["m"]
    assert 0 < left < SEVERAL_PARTS
    assert (await monitor.report("m")).predicted_images == left
    assert (await monitor.report("m", slice_="camera=north")).predicted_images == left
    again = (await restarted(around)).get("cam")
    assert (await again.report("m")).predicted_images == left


async def test_frames_that_a_failing_journal_did_not_take_take_no_room(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", EXACT)
    await around.journal.close()
    with pytest.raises(UnavailableError):
        await monitor.observe("", labelled(*range(SEVERAL_PARTS)))
    assert (around.ledger.boxes, around.ledger.images) == (0, 0)


async def test_messages_of_callers_that_have_gone_are_bounded(around: Surroundings) -> None:
    monitor = await Book(replace(around, max_waiting=3), max_monitors=4).create("cam", SKETCH)
    under_way = [monitor.observe("m", predicted(k)) for k in range(5)]
    found = [await each for each in under_way]
    assert [each.accepted for each in found] == [1, 1, 1, 0, 0]
    assert {refusal.error.status for refusal in found[4].refused} == {"RESOURCE_EXHAUSTED"}
    assert (await monitor.observe("m", predicted(9))).accepted == 1
    assert (await monitor.report("m")).predicted_images == 4


async def test_what_was_journalled_is_counted_though_it_passes_the_bound_on_tallies(
    around: Surroundings,
) -> None:
    bounded = replace(around, max_tally_bytes=2**20)
    monitor = await Book(bounded, max_monitors=4).create("cam", SKETCH)
    chance = random.Random(1)
    sides = {k: [(*BOX, chance.random()) for _ in range(60)] for k in range(500)}
    await monitor.observe("", labelled(*sides))
    assert (await monitor.observe("m", arrivals(predictions(sides)))).accepted == 500
    report = await monitor.report("m")
    assert (report.report.images, report.predicted_images) == (500, 500)
    again = (await restarted(around)).get("cam")
    assert (await again.report("m")).report.images == 500


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


async def test_a_report_that_paused_neither_replaces_a_newer_one_nor_is_said_to_be_new(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", EXACT)
    await monitor.observe("", labelled(1, 2))
    await monitor.observe("m", predicted(1))

    async def rest(_worked_s: float) -> None:
        """Go on at once."""

    async with around.turns.ticket(is_urgent=True):
        refreshing = asyncio.create_task(monitor.refresh(rest))
        for _ in range(20):
            await asyncio.sleep(0)  # it has read its state, and pauses before its first graph
        read = time.time()
        await monitor.observe("m", predicted(2))
        asked = asyncio.create_task(monitor.report("m"))
        await asyncio.sleep(0)  # it waits for its turn, and so the other one goes on pausing
    assert (await asked).predicted_images == 2
    await refreshing
    exported = re.findall(
        r"^boxgauge_predicted_images{.*} (.*)$", around.telemetry.text().decode(), re.M
    )
    assert exported == ["2.0"]
    current = metric(around, 'boxgauge_report_timestamp_seconds{monitor="cam"}')
    assert current <= read, "of what came then it has not heard"


async def test_expiry_under_way_leaves_alone_what_comes_after_a_reset(
    around: Surroundings,
) -> None:
    now = around.clock_us()
    short = replace(SKETCH, retention_us=60_000_000)
    monitor = await Book(around, max_monitors=4).create("cam", short)

    def at(time_us: int, *ids: int) -> Arrivals:
        frames = predictions({k: [] for k in ids}, times_us=dict.fromkeys(ids, time_us))
        return arrivals(frames)

    is_between, goes_on = asyncio.Event(), asyncio.Event()

    async def between() -> None:
        is_between.set()
        await goes_on.wait()

    await monitor.observe("m", at(now - 59_000_000, *range(2500)))
    # Judged while they are not late yet, the last ten are journalled behind the reset.
    ids = range(3000, 3000 + TAKE_AT_ONCE + 10)
    behind = monitor.observe("m", at(now - 59_000_000, *ids), between=between)
    await is_between.wait()
    await monitor.observe("m", at(now + 50_000_000, 10**6))
    expiring = asyncio.create_task(monitor.expire())
    await asyncio.sleep(0)  # it has asked for the first thousand
    resetting = asyncio.create_task(monitor.reset())
    for _ in range(2):
        await asyncio.sleep(0)  # it has asked for its own, too
    goes_on.set()
    assert (await behind).accepted == len(ids)
    await asyncio.gather(resetting, expiring)
    assert around.journal.counts(monitor.key).predicted == {"m": 10}


async def test_what_alerts_ask_for_begins_anew_at_zero_after_a_reset(
    around: Surroundings,
) -> None:
    monitor = await Book(around, max_monitors=4).create("cam", EXACT)
    await monitor.reset()
    for outcome in ("late", "future"):
        line = f'boxgauge_outcomes_total{{monitor="cam",outcome="{outcome}"}} 0.0'
        assert line in around.telemetry.text().decode()


async def test_frames_under_way_leave_nothing_of_a_monitor_that_was_deleted(
    around: Surroundings,
) -> None:
    book = Book(around, max_monitors=4)
    monitor = await book.create("cam", EXACT)
    long = monitor.observe("", labelled(*range(SEVERAL_PARTS)))
    await asyncio.sleep(0)  # the first part has been given to the journal
    await book.delete("cam")
    with pytest.raises(NotFoundError):
        await long
    assert (around.ledger.boxes, around.ledger.images) == (0, 0)
    assert b'monitor="cam"' not in around.telemetry.text()
