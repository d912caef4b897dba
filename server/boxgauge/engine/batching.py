"""Batching across callers: what arrives while a run is busy is run together."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Generic, TypeVar

from boxgauge.engine.fair_queue import FairQueue
from boxgauge.frames import ResourceExhaustedError

T = TypeVar("T")
R = TypeVar("R")


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
        self._waiting: FairQueue[tuple[T, asyncio.Future[R]]] = FairQueue()
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: T, *, caller: str = "") -> R:
        """Return the item's result.

        Args:
            item: To be run.
            caller: Who waits for it.

        Raises:
            ResourceExhaustedError: Too many items wait already.
        """
        if len(self._waiting) >= self._max_waiting:
            raise ResourceExhaustedError(
                f"at most {self._max_waiting} requests may wait: try again later",
                field="max_waiting",
                value=self._max_waiting,
            )
        result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.put(caller, (item, result), cost=1 + self._weight(item))
        if self._runner is None:
            # Runs are no one caller's: what is logged in them must not bear the first one's name.
            self._runner = asyncio.create_task(self._drain(), context=contextvars.Context())
        return await result

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch = self._next()
                if not batch:
                    continue
                items = [item for item, _ in batch]
                try:
                    results = await loop.run_in_executor(self._executor, self._run, items)
                # Whatever went wrong is the callers' to know, and the next batch's to survive.
                except Exception as error:  # noqa: BLE001
                    await self._one_by_one(batch, error)
                else:
                    for (_, future), result in zip(batch, results, strict=True):
                        if not future.done():
                            future.set_result(result)
        finally:
            self._runner = None

    async def _one_by_one(
        self, batch: list[tuple[T, "asyncio.Future[R]"]], error: Exception
    ) -> None:
        """Run each item alone, so that one bad item does not fail its neighbours."""
        loop = asyncio.get_running_loop()
        for item, future in batch:
            own: Exception | None = error
            if len(batch) > 1:
                try:
                    (result,) = await loop.run_in_executor(self._executor, self._run, [item])
                    own = None
                except Exception as each:  # noqa: BLE001 (handed to the caller below)
                    own = each
            if future.done():
                continue
            if own is None:
                future.set_result(result)
            else:
                future.set_exception(own)

    def _next(self) -> list[tuple[T, "asyncio.Future[R]"]]:
        """Take waiting items up to the bound; those whose caller has gone are dropped."""
        batch: list[tuple[T, asyncio.Future[R]]] = []
        total = 0
        while (first := self._waiting.first()) is not None:
            item, future = first.item
            weight = self._weight(item)
            if batch and total + weight > self._max_weight:
                break
            self._waiting.take()
            if not future.done():
                batch.append((item, future))
                total += weight
        return batch
