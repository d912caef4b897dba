"""Several requests of a stream are under way at once; answers keep their order."""

import asyncio
import weakref
from collections.abc import AsyncIterator

import pytest

from boxgauge.server.service.pipeline import in_order


async def numbers(count: int) -> AsyncIterator[int]:
    for k in range(count):
        yield k


async def test_answers_keep_the_order_of_their_requests() -> None:
    gates = [asyncio.Event() for _ in range(4)]
    gates[0].set()

    async def answer(k: int) -> int:
        # Each opens the gate of the one before the last: they finish out of order.
        if k + 1 < len(gates):
            gates[k + 1].set()
        await gates[k].wait()
        return k

    answers = in_order(numbers(4), lambda k: asyncio.create_task(answer(k)), window=2)
    assert [k async for k in answers] == [0, 1, 2, 3]


async def test_no_more_than_the_window_is_started() -> None:
    started: list[int] = []
    gate = asyncio.Event()

    def start(k: int) -> asyncio.Task[bool]:
        started.append(k)
        return asyncio.create_task(gate.wait())

    answers = in_order(numbers(100), start, window=3)
    first = asyncio.create_task(anext(answers))
    for _ in range(50):
        await asyncio.sleep(0)  # lets the reader run as far as it can
    assert started == [0, 1, 2]
    gate.set()
    await first
    await answers.aclose()


async def test_a_request_is_read_once_there_is_a_place_for_it_and_not_kept_then() -> None:
    read: list[weakref.ref[asyncio.Event]] = []
    gate = asyncio.Event()

    class Requests:
        """Events, since an int cannot be looked for; it keeps none, as gRPC's messages are not."""

        def __aiter__(self) -> "Requests":
            return self

        async def __anext__(self) -> asyncio.Event:
            if len(read) == 4:
                await asyncio.Event().wait()  # the stream is idle
            made = asyncio.Event()
            read.append(weakref.ref(made))
            return made

    async def answer(_: asyncio.Event) -> bool:
        return await gate.wait()

    answers = in_order(Requests(), lambda each: asyncio.create_task(answer(each)), window=3)
    first = asyncio.create_task(anext(answers))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(read) == 3
    gate.set()
    assert await first
    assert [await anext(answers) for _ in range(3)] == [True] * 3
    assert [each() for each in read] == [None] * 4
    await answers.aclose()


async def test_a_fault_is_raised_after_the_answers_before_it() -> None:
    def start(k: int) -> asyncio.Future[int]:
        if k == 2:
            raise KeyError(k)
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        done.set_result(k)
        return done

    answers = in_order(numbers(5), start, window=4)
    assert [await anext(answers), await anext(answers)] == [0, 1]
    with pytest.raises(KeyError):
        await anext(answers)
