"""Urgent ones and patient ones each take turns, none is lost, and patient ones pause for urgent."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.monitor.turns import Ticket, Turns


async def _settled() -> None:
    """Let every task go on until all wait."""
    for _ in range(20):
        await asyncio.sleep(0)


@given(urgent=st.lists(st.booleans(), max_size=12), cancelled=st.sets(st.integers(0, 11)))
def test_each_kind_goes_one_at_a_time_in_order(urgent: list[bool], cancelled: set[int]) -> None:
    async def course() -> list[int]:
        turns, order = Turns(), list[int]()
        inside = {True: list[int](), False: list[int]()}
        gate = asyncio.Event()

        async def one(k: int, *, is_urgent: bool) -> None:
            async with turns.ticket(is_urgent=is_urgent):
                assert not inside[is_urgent], "two at a time"
                inside[is_urgent].append(k)
                await asyncio.sleep(0)
                order.append(k)
                inside[is_urgent].pop()

        async def first(*, is_urgent: bool) -> None:
            async with turns.ticket(is_urgent=is_urgent):
                await gate.wait()

        holding = [asyncio.create_task(first(is_urgent=each)) for each in (True, False)]
        await _settled()
        tasks = [asyncio.create_task(one(k, is_urgent=each)) for k, each in enumerate(urgent)]
        await _settled()
        for k in cancelled & {*range(len(tasks))}:
            tasks[k].cancel()
        await _settled()
        gate.set()
        await asyncio.gather(*holding, *tasks, return_exceptions=True)
        for is_urgent in (True, False):
            async with asyncio.timeout(5), turns.ticket(is_urgent=is_urgent) as ticket:
                ticket.pause()  # returns at once: nothing presses any more
        return order

    left = [k for k in range(len(urgent)) if k not in cancelled]
    order = asyncio.run(course())
    for kind in (True, False):
        assert [k for k in order if urgent[k] is kind] == [k for k in left if urgent[k] is kind]
    assert sorted(order) == left


async def test_a_patient_one_that_is_urged_goes_before_the_others() -> None:
    turns, order = Turns(), list[str]()
    tickets = {name: turns.ticket(is_urgent=False) for name in "abc"}

    async def one(name: str) -> None:
        async with tickets[name]:
            order.append(name)
            await asyncio.sleep(0)

    async with turns.ticket(is_urgent=False):
        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        await _settled()
        tickets["c"].urge()
        await _settled()
        assert order == ["c"]
    await asyncio.gather(*tasks)
    assert order == ["c", "a", "b"]


async def _pausing(ticket: Ticket, urgent: Sequence[str]) -> "asyncio.Task[int]":
    """Let a thread pause, and return how many urgent ones were under way when it went on."""
    begun = threading.Event()

    def pause() -> int:
        begun.set()
        ticket.pause()
        return len(urgent)

    pausing = asyncio.create_task(asyncio.to_thread(pause))
    assert await asyncio.to_thread(begun.wait, 10)
    return pausing


async def test_a_patient_one_pauses_until_nothing_urgent_runs_or_waits() -> None:
    turns, urgent = Turns(), list[str]()
    async with turns.ticket(is_urgent=False) as patient:
        assert await (await _pausing(patient, urgent)) == 0
        second = turns.ticket(is_urgent=True)
        async with turns.ticket(is_urgent=True):
            urgent += ["runs", "waits"]
            waiting = asyncio.create_task(second.__aenter__())
            pausing = await _pausing(patient, urgent)
            urgent.remove("runs")
        await waiting
        for _ in range(5):
            await asyncio.to_thread(int)  # a thread that may go on does so meanwhile
        urgent.remove("waits")
        await second.__aexit__(None, None, None)
        async with asyncio.timeout(10):
            assert await pausing == 0


async def test_a_turn_lasts_for_as_long_as_its_thread_though_its_caller_has_gone(
    around: Surroundings,
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    order: list[str] = []

    def long() -> None:
        begun.set()
        goes_on.wait(10)
        order.append("first")

    async def made(work: Callable[[], None]) -> None:
        async with around.turns.ticket(is_urgent=True) as ticket:
            await around.run_report(ticket, work)

    first = asyncio.create_task(made(long))
    await asyncio.to_thread(begun.wait, 10)
    first.cancel()
    await asyncio.wait([first])
    second = asyncio.create_task(made(lambda: order.append("second")))
    async with asyncio.timeout(10), around.turns.ticket(is_urgent=False) as patient:
        second_is_over = asyncio.Event()
        second.add_done_callback(lambda _: second_is_over.set())
        for _ in range(5):
            await asyncio.to_thread(int)  # a thread that may go on does so meanwhile
        assert order == []
        goes_on.set()
        await second_is_over.wait()
        await asyncio.to_thread(patient.pause)  # for none of them any more
    assert order == ["first", "second"]


async def test_one_that_is_urged_while_it_pauses_goes_on() -> None:
    turns, urgent = Turns(), ["runs"]
    async with turns.ticket(is_urgent=False) as patient, turns.ticket(is_urgent=True):
        pausing = await _pausing(patient, urgent)
        patient.urge()
        async with asyncio.timeout(10):
            assert await pausing == 1
