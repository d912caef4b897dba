"""The gate that work passes before it begins: a bounded amount at a time, callers in turns."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from boxgauge.engine.fair_queue import FairQueue
from boxgauge.frames import ResourceExhaustedError

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Pass:
    """Leave to do some work; `leave` gives it back, once."""

    gate: "Gate"
    caller: str
    cost: int
    size: int
    is_inside: bool = True

    def leave(self) -> None:
        """Let others in."""
        self.gate.left(self)


@dataclass(slots=True, eq=False)
class _Waiting:
    granted: Pass
    turn: "asyncio.Future[None]"


class Gate:
    """Bounds work under way and work that waits; lives on one event loop.

    What is behind the gate may be first come, first served: it is little. What waits before it is
    taken in turns by caller. Where too much waits, the caller that holds the most gives way: its
    newest work is refused, whoever came last.

    Args:
        name: The bound on what is held, as the refusal names it.
        at_once: Cost of what may be under way; anything that costs more goes alone.
        most_held: Bound on the size of all that is under way or waits.

    Attributes:
        held: Size of all that is under way or waits.
        refused: How often work was refused.
    """

    def __init__(self, name: str, *, at_once: int, most_held: int) -> None:
        self._name = name
        self._at_once = at_once
        self.most_held = most_held
        self.held = 0
        self.refused = 0
        self._inside = 0
        self._entering = 0
        self._queue: FairQueue[_Waiting] = FairQueue()

    async def enter(self, caller: str, *, cost: int = 1, size: int = 1) -> Pass:
        """Wait for a turn; those of one caller come in the order of their calls.

        Raises:
            ResourceExhaustedError: Too much waits already, most of it this caller's.
        """
        granted = Pass(self, caller, cost, size)
        self.held += size
        # Who was let in and has not yet gone on is before whoever comes now.
        if not self._entering and not self._queue and self._fits(cost):
            self._inside += cost
        else:
            await self._turn(granted, size)
        return granted

    async def again(self, granted: Pass) -> None:
        """Let others go first between two parts of some work; it keeps what it holds."""
        self._inside -= granted.cost
        granted.is_inside = False
        self._open()
        if not self._entering and not self._queue and self._fits(granted.cost):
            self._inside += granted.cost
        else:
            await self._turn(granted, 0)
        granted.is_inside = True

    async def run(
        self, caller: str, executor: Executor, work: Callable[[], T], *, size: int = 1
    ) -> T:
        """Return what this work returns, done in a thread once it is its turn.

        Work that nobody waits for any more is not begun; what has begun keeps its place until
        the thread is free.

        Raises:
            ResourceExhaustedError: Too much waits already, most of it this caller's.
        """
        granted = await self.enter(caller, size=size)
        loop = asyncio.get_running_loop()
        running = executor.submit(work)

        def ended(_: object) -> None:
            if not loop.is_closed():  # which ends without waiting for threads
                loop.call_soon_threadsafe(granted.leave)

        running.add_done_callback(ended)
        return await asyncio.wrap_future(running)

    def left(self, granted: Pass) -> None:
        """Take a pass back."""
        if granted.is_inside:
            self._inside -= granted.cost
        self.held -= granted.size
        self._open()

    async def _turn(self, granted: Pass, size: int) -> None:
        waiting = _Waiting(granted, asyncio.get_running_loop().create_future())
        queued = self._queue.put(granted.caller, waiting, cost=granted.cost, size=size)
        self._make_room()
        try:
            await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled():
                if waiting.turn.exception() is None:
                    self._entering -= 1
                    self._inside -= granted.cost  # it had been let in at the same moment
                    self.held -= size
                    self._open()
            elif not queued.is_gone:
                self._queue.drop(queued)
                self.held -= size
                self._open()
            raise
        self._entering -= 1
        if not self._entering:
            self._open()  # for those who queued behind it though there was room

    def _open(self) -> None:
        while (queued := self._queue.first()) is not None and self._fits(queued.item.granted.cost):
            waiting = self._queue.take()
            if waiting.turn.done():  # given up; whoever waited has not been told yet
                self.held -= queued.size
                continue
            self._inside += waiting.granted.cost
            self._entering += 1
            waiting.turn.set_result(None)

    def _make_room(self) -> None:
        """Refuse what is newest of who holds the most until the rest may be held."""
        while self.held > self.most_held:
            queued = self._queue.newest_of_largest()
            if queued is None:
                return
            self._queue.drop(queued)
            self.held -= queued.size
            if queued.item.turn.done():
                continue
            self.refused += 1
            queued.item.turn.set_exception(
                ResourceExhaustedError(
                    f"the service is busy, and {self._name} is {self.most_held}: send again later",
                    field=self._name,
                    value=self.most_held,
                )
            )

    def _fits(self, cost: int) -> bool:
        return not self._inside or self._inside + cost <= self._at_once
