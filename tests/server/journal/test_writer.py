"""Calls that come together: committed together, failing alone, in bounded number."""

import asyncio
import random
import threading

import pytest

from boxgauge.frames import UnavailableError
from boxgauge.server.journal import CameFrame, HeldSide, Journal, Outcome, Taken
from boxgauge.server.journal.room import Room
from tests.server.journal.frames import MAX_MODELS, frame


class Gate:
    """A judge that holds the journal's thread until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, came: CameFrame, partner: HeldSide) -> None:
        self.reached.set()
        assert self.opened.wait(60)


async def hold(journal: Journal, monitor: int, gate: Gate) -> "asyncio.Task[Taken]":
    """Return a take that waits at the gate, once it has got there."""
    await journal.take(monitor, [frame("", "held")], max_models=MAX_MODELS)
    held = asyncio.create_task(
        journal.take(monitor, [frame("a", "held")], judge=gate, max_models=MAX_MODELS)
    )
    await asyncio.to_thread(gate.reached.wait)
    return held


def broken(came: CameFrame, partner: HeldSide) -> None:
    raise ZeroDivisionError("the judge is broken")


async def test_a_call_that_fails_leaves_its_neighbours_and_nothing_behind(
    journal: Journal, monitor: int
) -> None:
    gate = Gate()
    await journal.take(monitor, [frame("", 2)], max_models=MAX_MODELS)
    held = await hold(journal, monitor, gate)
    neighbours = [
        journal.take(monitor, [frame("a", 1)], max_models=MAX_MODELS),
        journal.take(monitor, [frame("b", 1), frame("b", 2)], judge=broken, max_models=MAX_MODELS),
        journal.take(monitor, [frame("c", 2)], max_models=MAX_MODELS),
    ]
    waiting = asyncio.gather(*neighbours, return_exceptions=True)
    await asyncio.sleep(0)
    gate.opened.set()
    first, failed, last = await waiting
    assert isinstance(failed, ZeroDivisionError)
    assert isinstance(first, Taken)
    assert isinstance(last, Taken)
    assert (first.outcomes, last.outcomes) == ([Outcome.CHANGED], [Outcome.CHANGED])
    await held
    assert journal.counts(monitor).predicted == {"a": 2, "c": 1}
    read = [each async for some in journal.current(monitor) for each in some]
    assert {(each.model, each.image_id) for each in read} == {("a", "held"), ("a", 1), ("c", 2)}


async def test_a_call_happens_though_nobody_waits_for_it_any_more(
    journal: Journal, monitor: int
) -> None:
    gate = Gate()
    held = await hold(journal, monitor, gate)
    left = asyncio.create_task(journal.take(monitor, [frame("b", 1)], max_models=MAX_MODELS))
    await asyncio.sleep(0)
    for task in (held, left):
        task.cancel()
    await asyncio.wait([held, left])
    gate.opened.set()
    again = await journal.take(monitor, [frame("b", 1)], max_models=MAX_MODELS)
    assert again.outcomes == [Outcome.SAME]
    assert journal.counts(monitor).predicted == {"a": 1, "b": 1}


async def test_closing_does_what_was_asked_for_and_refuses_the_rest(
    journal: Journal, monitor: int
) -> None:
    gate = Gate()
    held = await hold(journal, monitor, gate)
    asked = asyncio.create_task(journal.take(monitor, [frame("b", 1)], max_models=MAX_MODELS))
    await asyncio.sleep(0)
    closing = asyncio.create_task(journal.close())
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError, match="closed"):
        await journal.monitors()
    gate.opened.set()
    await closing
    assert (await held).outcomes == (await asked).outcomes == [Outcome.CHANGED]


async def test_many_tasks_with_the_same_frames_have_the_effect_of_one(
    journal: Journal, monitor: int
) -> None:
    frames = [
        frame(model, k, revision)
        for model in ("", "a", "b")
        for k in range(40)
        for revision in (0, 1)
    ]
    taken: list[Taken] = []

    async def send(seed: int) -> None:
        mine = random.Random(seed).sample(frames, len(frames))
        for start in range(0, len(mine), 16):
            taken.append(
                await journal.take(monitor, mine[start : start + 16], max_models=MAX_MODELS)
            )

    await asyncio.gather(*(send(seed) for seed in range(6)))
    changes = sorted(
        (each for some in taken for each in some.changes), key=lambda each: each.number
    )
    sides: dict[tuple[str, int | str], object] = {}
    for change in changes:
        key = change.model, change.image_id
        assert sides.get(key) == change.predictions_before
        sides[key] = change.predictions_after
    assert len(sides) == 80
    assert not {Outcome.CONFLICT, Outcome.REFUSED} & {o for each in taken for o in each.outcomes}
    counts = journal.counts(monitor)
    assert (counts.sides, counts.labelled, counts.boxes) == (120, 40, 240)
    read = [each async for some in journal.changes_after(monitor, 0) for each in some]
    assert read == changes


async def test_calls_beyond_the_room_wait_their_turn() -> None:
    room = Room(2, 100)
    await room.enter(60)
    large, small = (asyncio.create_task(room.enter(size)) for size in (60, 10))
    await asyncio.sleep(0)
    assert not large.done()
    assert not small.done(), "first come, first served"
    large.cancel()
    await asyncio.wait([large])
    await small
    third = asyncio.create_task(room.enter(1))
    await asyncio.sleep(0)
    assert not third.done(), "two are inside"
    room.leave(60)
    await third
    room.leave(10)
    room.leave(1)
    await room.enter(1000)  # larger than all of the room, but alone
    alone = asyncio.create_task(room.enter(1))
    await asyncio.sleep(0)
    assert not alone.done()
    room.leave(1000)
    await alone


async def test_one_who_gives_up_while_being_let_in_leaves_no_room_taken() -> None:
    room = Room(1, 100)
    await room.enter(1)
    second = asyncio.create_task(room.enter(1))
    await asyncio.sleep(0)
    room.leave(1)
    second.cancel()
    await asyncio.wait([second])
    await asyncio.wait_for(room.enter(1), 10)


async def test_nobody_slips_in_before_one_who_is_just_being_let_in() -> None:
    room, entered = Room(3, 100), list[str]()

    async def enter(name: str) -> None:
        await room.enter(40)
        entered.append(name)

    await room.enter(100)
    first = asyncio.create_task(enter("first"))
    await asyncio.sleep(0)
    late = asyncio.create_task(enter("late"))
    room.leave(100)  # there is room for both, and the late one runs before the first wakes up
    await asyncio.wait_for(asyncio.gather(first, late), 10)
    assert entered == ["first", "late"]
