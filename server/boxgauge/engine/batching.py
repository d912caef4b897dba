"""Batching across callers: what arrives while a run is busy is run together."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from boxgauge.engine.fair_queue import FairQueue
from boxgauge.frames import ResourceExhaustedError

T = TypeVar("T")
R = TypeVar("R")


def _nothing() -> None:
    """Do nothing."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    result: "asyncio.Future[R]"
    let_go: Callable[[], None]


class Batcher(Generic[T, R]):
    """Runs waiting items together in a thread; lives on one event loop.

    Nothing is delayed on purpose: an item that finds the runner idle runs at once and alone.
    Items of one caller run in order; callers take turns, by weight.

    Args:
        run: Returns one result an item, in order; called in the executor.
        weight: Cost of an item.
        max_weight: Most weight of one run; a heavier item runs alone.
        max_waiting: Items that may wait; one more is refused.
        executor: Where runs happen.
    """

    def __init__(
        self,
        run: Callable[[list[T]], list[R]],
        *,
        weight: Callable[[T], int],
        max_weight: int,
        max_waiting: int,
        executor: Executor,
    ) -> None:
        self._run = run
        self._weight = weight
        self._max_weight = max_weight
        self._max_waiting = max_waiting
        self._executor = executor
        self._waiting: FairQueue[_Waiting[T, R]] = FairQueue()
        self._runner: asyncio.Task[None] | None = None

    async def submit(
        self, item: T, *, caller: str = "", let_go: Callable[[], None] = _nothing
    ) -> R:
        """Return the item's result.

        Args:
            item: To be run.
            caller: Who waits for it.
            let_go: Called once the item is held no more: after its run, or without one. Who waits
                for a run that has begun may leave, and the run goes on.

        Raises:
            ResourceExhaustedError: Too many items wait already.
        """
        if len(self._waiting) >= self._max_waiting:
            let_go()
            raise ResourceExhaustedError(
                f"at most {self._max_waiting} requests may wait: try again later",
                field="max_waiting",
                value=self._max_waiting,
            )
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(item, result, let_go)
        queued = self._waiting.put(caller, waiting, cost=1 + self._weight(item))
        if self._runner is None:
            # Runs are no one caller's: what is logged in them must not bear the first one's name.
            self._runner = asyncio.create_task(self._drain(), context=contextvars.Context())
        try:
            return await result
        except asyncio.CancelledError:
            if not queued.is_gone:
                self._waiting.drop(queued)
                let_go()
            raise
        finally:
            del result, waiting, queued  # which keep the error, that keeps this frame, and the item

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._run_next()
        finally:
            self._runner = None

    async def _run_next(self) -> None:
        batch = self._next()
        if not batch:
            return
        try:
            results = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._run, [each.item for each in batch]
            )
        # Whatever went wrong is the callers' to know, and the next batch's to survive.
        except Exception as error:  # noqa: BLE001
            await self._one_by_one(batch, error)
        else:
            for each, result in zip(batch, results, strict=True):
                if not each.result.done():
                    each.result.set_result(result)
        finally:
            # None is left to this frame, which the error keeps.
            while batch:
                batch.pop(0).let_go()

    async def _one_by_one(self, batch: list[_Waiting[T, R]], error: Exception) -> None:
        """Run each item alone, so that one bad item does not fail its neighbours."""
        for each in batch:
            found = error if len(batch) == 1 else await self._alone(each.item)
            if each.result.done():
                continue
            if isinstance(found, Exception):
                each.result.set_exception(found)
            else:
                each.result.set_result(found[0])

    async def _alone(self, item: T) -> tuple[R] | Exception:
        """Return an item's result, or its error, which keeps this frame and none with others."""
        loop = asyncio.get_running_loop()
        try:
            (result,) = await loop.run_in_executor(self._executor, self._run, [item])
        except Exception as fault:  # noqa: BLE001 (handed to the caller)
            return fault
        return (result,)

    def _next(self) -> list[_Waiting[T, R]]:
        """Take waiting items up to the bound; those whose caller has gone are dropped."""
        batch: list[_Waiting[T, R]] = []
        total = 0
        while (first := self._waiting.first()) is not None:
            weight = self._weight(first.item.item)
            if batch and total + weight > self._max_weight:
                break
            waiting = self._waiting.take()
            if waiting.result.done():
                waiting.let_go()
                continue
            total += weight
            batch.append(waiting)
        return batch
