"""Turns come in the order of the places, whatever happens on the way."""

import asyncio
import random

import pytest

from boxgauge.server.monitor.line import Line


async def test_turns_come_in_order_whoever_is_ready_first() -> None:
    line, order = Line(), []
    gates = [asyncio.Event() for _ in range(20)]

    async def pass_through(k: int) -> None:
        with line.place() as place:
            await gates[k].wait()
            await place.turn()
            order.append(k)

    tasks = [asyncio.create_task(pass_through(k)) for k in range(len(gates))]
    await asyncio.sleep(0)  # all of them have taken their places
    for k in random.Random(5).sample(range(len(gates)), len(gates)):
        gates[k].set()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order == [*range(len(gates))]


async def test_who_fails_or_is_cancelled_lets_the_next_one_pass() -> None:
    line = Line()

    async def fail() -> None:
        with line.place():
            raise ValueError("on purpose")

    async def wait_for_ever() -> None:
        with line.place() as place:
            await place.turn()
            await asyncio.Event().wait()

    async def last() -> str:
        with line.place() as place:
            await place.turn()
            return "passed"

    failing, waiting = asyncio.create_task(fail()), asyncio.create_task(wait_for_ever())
    passing = asyncio.create_task(last())
    await asyncio.sleep(0)
    waiting.cancel()
    assert await passing == "passed"
    with pytest.raises(ValueError, match="on purpose"):
        await failing


async def test_an_empty_line_waits_for_nobody() -> None:
    line = Line()
    await line.empty()
    with line.place() as place:
        await place.turn()
    await line.empty()


async def test_who_leaves_before_its_turn_lets_nobody_pass_those_before() -> None:
    line, order = Line(), []
    gate = asyncio.Event()

    async def slow() -> None:
        with line.place() as place:
            await gate.wait()
            await place.turn()
            order.append("slow")

    async def refused() -> None:
        with line.place():
            raise ValueError("on purpose")

    async def quick() -> None:
        with line.place() as place:
            await place.turn()
            order.append("quick")

    tasks = [asyncio.create_task(each()) for each in (slow, refused, quick)]
    emptied = asyncio.create_task(line.empty())
    for _ in range(5):
        await asyncio.sleep(0)
    assert order == []
    assert not emptied.done()
    gate.set()
    await asyncio.wait(tasks)
    assert order == ["slow", "quick"]
    await asyncio.wait_for(emptied, 10)
    with pytest.raises(ValueError, match="on purpose"):
        await tasks[1]
