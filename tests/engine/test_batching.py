"""Batching: together what waits, bounded, and one bad item fails alone."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from boxgauge.engine import Batcher
from boxgauge.frames import ResourceExhaustedError


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Doubler:
    """Doubles numbers, remembers its batches, and waits at the first until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(list(items))
        self.started.set()
        assert self.go.wait(10)
        if 13 in items:
            raise ValueError("13 is unlucky")
        return [2 * item for item in items]


def batcher(
    run: Doubler, executor: Executor, *, max_weight: int = 100, most: int = 100
) -> Batcher[int, int]:
    return Batcher(
        run, weight=lambda item: item, max_weight=max_weight, max_waiting=most, executor=executor
    )


async def submit_behind(
    run: Doubler, batch: Batcher[int, int], items: list[int]
) -> list[int | BaseException]:
    """Submit the first item, and the others while it runs; return all results."""
    first = asyncio.create_task(batch.submit(items[0]))
    await asyncio.to_thread(run.started.wait, 10)
    others = [asyncio.create_task(batch.submit(item)) for item in items[1:]]
    await asyncio.sleep(0)  # lets the others take their places
    run.go.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_what_waits_runs_together_in_order(executor: Executor) -> None:
    run = Doubler()
    assert await submit_behind(run, batcher(run, executor), [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert run.batches == [[1], [2, 3, 4]]


async def test_a_run_stays_within_its_weight_and_a_heavier_item_runs_alone(
    executor: Executor,
) -> None:
    run = Doubler()
    batch = batcher(run, executor, max_weight=10)
    assert await submit_behind(run, batch, [1, 4, 5, 6, 50, 2]) == [2, 8, 10, 12, 100, 4]
    assert run.batches == [[1], [4, 5], [6], [50], [2]]


async def test_one_bad_item_fails_alone(executor: Executor) -> None:
    run = Doubler()
    found = await submit_behind(run, batcher(run, executor), [1, 2, 13, 4])
    assert isinstance(found[2], ValueError)
    assert [found[0], found[1], found[3]] == [2, 4, 8]


async def test_too_many_waiting_are_refused(executor: Executor) -> None:
    run = Doubler()
    found = await submit_behind(run, batcher(run, executor, most=2), [1, 2, 3, 4])
    assert found[:3] == [2, 4, 6]
    assert isinstance(found[3], ResourceExhaustedError)


async def test_who_has_gone_is_not_run_for(executor: Executor) -> None:
    run = Doubler()
    batch = batcher(run, executor)
    first = asyncio.create_task(batch.submit(1))
    await asyncio.to_thread(run.started.wait, 10)
    gone, stays = (asyncio.create_task(batch.submit(item)) for item in (2, 3))
    await asyncio.sleep(0)
    gone.cancel()
    run.go.set()
    assert await asyncio.gather(first, stays) == [2, 6]
    assert run.batches == [[1], [3]]


async def test_an_item_is_let_go_of_after_its_run_or_without_one(executor: Executor) -> None:
    run = Doubler()
    batch = batcher(run, executor, most=2)
    gone: list[int] = []

    def submitted(item: int) -> "asyncio.Task[int]":
        return asyncio.create_task(batch.submit(item, let_go=lambda: gone.append(item)))

    running = submitted(1)
    await asyncio.to_thread(run.started.wait, 10)
    waits, given_up, beyond = (submitted(item) for item in (13, 3, 4))
    with pytest.raises(ResourceExhaustedError):
        await beyond
    assert gone == [4]
    # Who waits for a run may leave, and the run goes on with what it has.
    running.cancel()
    given_up.cancel()
    await asyncio.wait([running, given_up])
    assert gone == [4, 3]
    run.go.set()
    with pytest.raises(ValueError, match="unlucky"):
        await waits
    assert gone == [4, 3, 1, 13]
    assert run.batches == [[1], [13]]
