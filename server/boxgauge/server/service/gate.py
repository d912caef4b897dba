"""The gate that work passes before it begins: a bounded amount at a time, callers in turns."""

import asyncio
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from boxgauge.engine.fair_queue import FairQueue
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.service.held import Held

T = TypeVar("T")
# Makes an error where it is raised: one that a future keeps would keep the frames that wait for it.
Refusal = Callable[[], ResourceExhaustedError]
# Of the last one in how long work usually takes; and how much longer it may come to take.
_WEIGHT, _MARGIN = 0.1, 1.5
_PERIOD_S = 1.0  # over which work is counted
_HALF_LIFE_S = 10.0  # of what is known of how long work takes: a stall is soon forgotten


@dataclass(slots=True, eq=False)
class Pass:
    """Leave to do some work; `leave` gives it back, once."""

    gate: "Gate"
    caller: str
    cost: int
    size: int
    entered: float = 0.0
    is_inside: bool = False
    is_aside: bool = False

    def leave(self) -> None:
        """Let others in."""
        self.gate.left(self)


@dataclass(slots=True, eq=False)
class _Waiting:
    granted: Pass
    turn: "asyncio.Future[Refusal | None]"
    deadline: float
    number: int


class Gate:
    """Bounds work under way and work that waits; lives on one event loop.

    What is behind the gate may be first come, first served: it is little. What waits before it is
    taken in turns by caller. Where too much is held, the caller that has the most waiting gives
    way: its newest work is refused, whoever came last. Work that would end after its deadline, as
    far as the last ones tell, is refused when its turn comes, and not begun. Where nothing is under
    way or waits they tell nothing: it is begun unless its deadline has passed.

    Args:
        all_held: What this gate and others hold, and the bound on that.
        at_once: Cost of what may be under way; anything that costs more goes alone.
        most_inside: Size of what may be under way, likewise; of that nothing can give way.

    Attributes:
        all_held: What this gate and others hold.
        held: Size of all that is under way or waits here.
        aside: Of that, what has begun and waits for something else, which takes no place.
        refused: How often work was refused.
    """

    def __init__(self, all_held: Held, *, at_once: int, most_inside: float = math.inf) -> None:
        self._at_once = at_once
        self._most_inside = most_inside
        self.all_held = all_held
        all_held.join(self)
        self.held = 0
        self.aside = 0
        self.refused = 0
        self._inside = 0
        self._size_inside = 0
        self._entering = 0
        self._usual_s, self._noted = 0.0, 0.0
        self._busy_since = 0.0
        self._busy_s = 0.0
        self._done = 0
        self._rate = math.inf
        self._queue: FairQueue[_Waiting] = FairQueue()

    @property
    def rate(self) -> float:
        """Return how much work is done a second while any is under way; infinite at first."""
        return self._rate

    def check(self, caller: str, deadline: float = math.inf) -> None:
        """Check that what this caller brings now would not be refused at once.

        Raises:
            ResourceExhaustedError: Too much waits already, most of it this caller's, or it would
                not be done by its deadline.
        """
        if self._is_late(deadline):
            self.refused += 1
            raise self._too_late(deadline)
        if self.all_held.is_full_of(caller):
            self.refused += 1
            raise self.all_held.refusal()

    async def enter(
        self, caller: str, *, cost: int = 1, size: int = 1, deadline: float = math.inf
    ) -> Pass:
        """Wait for a turn; those of one caller come in the order of their calls.

        Args:
            caller: Whose turn it must be.
            cost: Of the turn.
            size: What is held from now until the work is done.
            deadline: When nobody waits for it any more, in the event loop's time.

        Raises:
            ResourceExhaustedError: Too much waits already, most of it this caller's, or it would
                not be done by its deadline.
        """
        if self._is_late(deadline):
            self.refused += 1
            raise self._too_late(deadline)
        granted = Pass(self, caller, cost, size)
        self._hold(size)
        # Who was let in and has not yet gone on is before whoever comes now.
        if not self._entering and not self._queue and self._fits(granted):
            self._let_in(granted)
            self.all_held.make_room()
        else:
            await self._turn(granted, size, deadline)
        return granted

    async def again(self, granted: Pass) -> None:
        """Let others go first between two parts of some work; it keeps what it holds."""
        self._come_out(granted)
        self._open()
        if not self._entering and not self._queue and self._fits(granted):
            self._let_in(granted)
        else:
            await self._turn(granted, 0, math.inf)

    def step_aside(self, granted: Pass) -> None:
        """Let others in while some work waits for something else; it keeps what it holds.

        It needs no place to go on: `again`, where it has parts, gets one for the next part.
        """
        if granted.is_inside:
            self._come_out(granted)
            granted.is_aside = True
            self.aside += granted.size
            self._open()

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
        try:
            running = executor.submit(work)
        except BaseException:  # as it has no thread, or is shut down
            granted.leave()
            raise

        def ended(_: object) -> None:
            if not loop.is_closed():  # which ends without waiting for threads
                loop.call_soon_threadsafe(granted.leave)

        running.add_done_callback(ended)
        try:
            return await asyncio.wrap_future(running)
        finally:
            del running  # which keeps the error, that keeps this frame, and the work

    def left(self, granted: Pass) -> None:
        """Take a pass back."""
        if granted.is_inside:
            self._note_end(granted)
        self._come_out(granted)
        self._hold(-granted.size)
        self._open()

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Return the callers that wait, and how much each of them has waiting."""
        return self._queue.sizes()

    def newest(self, caller: str) -> int:
        """Return the number of the last work of this caller's that waits; -1: there is none."""
        queued = self._queue.newest_of(caller)
        return -1 if queued is None else queued.item.number

    def give_way(self, caller: str) -> None:
        """Refuse that work."""
        queued = self._queue.newest_of(caller)
        if queued is None:
            return
        self._queue.drop(queued)
        self._hold(-queued.size)
        if not queued.item.turn.done():
            self._refuse(queued.item, self.all_held.refusal)

    def _hold(self, size: int) -> None:
        self.held += size
        self.all_held.total += size

    def _come_out(self, granted: Pass) -> None:
        """Let it be neither inside nor aside."""
        if granted.is_inside:
            self._inside -= granted.cost
            self._size_inside -= granted.size
            granted.is_inside = False
        if granted.is_aside:
            self.aside -= granted.size
            granted.is_aside = False

    async def _turn(self, granted: Pass, size: int, deadline: float) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiting = _Waiting(granted, turn, deadline, self.all_held.number())
        queued = self._queue.put(granted.caller, waiting, cost=granted.cost, size=size)
        self.all_held.make_room()
        try:
            refusal = await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled():
                if waiting.turn.result() is None:
                    self._entering -= 1
                    self._come_out(granted)  # it had been let in at the same moment
                    self._hold(-size)
                    self._open()
            elif not queued.is_gone:
                self._queue.drop(queued)
                self._hold(-size)
                self._open()
            raise
        if refusal is not None:
            raise refusal()
        self._entering -= 1
        if not self._entering:
            self._open()  # for those who queued behind it though there was room

    def _open(self) -> None:
        while (queued := self._queue.first()) is not None and self._fits(queued.item.granted):
            waiting = self._queue.take()
            if waiting.turn.done():  # given up; whoever waited has not been told yet
                self._hold(-queued.size)
                continue
            if self._is_late(waiting.deadline):
                self._hold(-queued.size)
                self._refuse(waiting, partial(self._too_late, waiting.deadline))
                continue
            self._let_in(waiting.granted)
            self._entering += 1
            waiting.turn.set_result(None)

    def _refuse(self, waiting: _Waiting, why: Refusal) -> None:
        self.refused += 1
        waiting.turn.set_result(why)

    def _too_late(self, deadline: float) -> ResourceExhaustedError:
        now = asyncio.get_running_loop().time()
        left = f"{deadline - now:.3f}"
        return ResourceExhaustedError(
            f"the service is busy: the deadline is in {left} s, and work takes"
            f" {self._usual(now):.3f} s: send again later",
            field="deadline",
            value=left,
        )

    def _let_in(self, granted: Pass) -> None:
        granted.entered = asyncio.get_running_loop().time()
        granted.is_inside = True
        if not self._inside:
            self._busy_since = granted.entered
        self._inside += granted.cost
        self._size_inside += granted.size

    def _note_end(self, granted: Pass) -> None:
        """Keep count of how long work takes, and how much is done while any is under way."""
        now = asyncio.get_running_loop().time()
        usual = self._usual(now)
        self._usual_s, self._noted = usual + _WEIGHT * (now - granted.entered - usual), now
        self._busy_s += now - self._busy_since
        self._busy_since = now
        self._done += 1
        if self._busy_s >= _PERIOD_S:
            found = self._done / self._busy_s
            self._rate = found if math.isinf(self._rate) else (self._rate + found) / 2
            self._busy_s, self._done = 0.0, 0

    def _is_late(self, deadline: float) -> bool:
        now = asyncio.get_running_loop().time()
        if deadline <= now:
            return True
        # Nothing before it: how long others took must not keep it out, nor a stall for ever.
        is_idle = not self._inside and not self._queue
        return not is_idle and deadline - now < _MARGIN * self._usual(now)

    def _usual(self, now: float) -> float:
        """Return how long work takes, as far as that is still known."""
        return float(self._usual_s * 0.5 ** ((now - self._noted) / _HALF_LIFE_S))

    def _fits(self, granted: Pass) -> bool:
        return not self._inside or (
            self._inside + granted.cost <= self._at_once
            and self._size_inside + granted.size <= self._most_inside
        )
