"""Turns are taken one at a time, urgent ones first, and none is lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from boxgauge.server.monitor.turns import Turns


@given(urgent=st.lists(st.booleans(), max_size=12), cancelled=st.sets(st.integers(0, 11)))
def test_urgent_ones_go_first_each_kind_in_order(urgent: list[bool], cancelled: set[int]) -> None:
    async def course() -> list[int]:
        turns, order, inside = Turns(), list[int](), list[int]()
        gate = asyncio.Event()

        async def one(k: int, *, is_urgent: bool) -> None:
            async with turns.ticket(is_urgent=is_urgent):
                assert not inside, "two at a time"
                inside.append(k)
                await asyncio.sleep(0)
                order.append(k)
                inside.pop()

        async def first() -> None:
            async with turns.ticket(is_urgent=False):
                await gate.wait()

        holding = asyncio.create_task(first())
        await asyncio.sleep(0)
        tasks = [asyncio.create_task(one(k, is_urgent=each)) for k, each in enumerate(urgent)]
        await asyncio.sleep(0)
        for k in cancelled & {*range(len(tasks))}:
            tasks[k].cancel()
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(holding, *tasks, return_exceptions=True)
        async with asyncio.timeout(5), turns.ticket(is_urgent=False):
            return order

    left = [k for k in range(len(urgent)) if k not in cancelled]
    expected = [k for k in left if urgent[k]] + [k for k in left if not urgent[k]]
    assert asyncio.run(course()) == expected


async def test_a_patient_one_that_is_urged_goes_before_the_others() -> None:
    turns, order = Turns(), list[str]()
    tickets = {name: turns.ticket(is_urgent=False) for name in "abc"}

    async def one(name: str) -> None:
        async with tickets[name]:
            order.append(name)
            await asyncio.sleep(0)

    async with turns.ticket(is_urgent=True):
        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        await asyncio.sleep(0)
        tickets["c"].urge()
    await asyncio.gather(*tasks)
    assert order == ["c", "a", "b"]
