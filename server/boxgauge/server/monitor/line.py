"""A line: tasks do their last part in the order in which they queued."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Line:
    """Gives places, each of whose turn comes when all before it have left.

    Args:
        waited: Told how many seconds each one waited for its turn.
    """

    def __init__(self, waited: Callable[[float], None] = lambda _: None) -> None:
        self._waited = waited
        self._places: deque[Place] = deque()

    def place(self) -> "Place":
        """Return the next place; it MUST be entered and left, else nobody behind it has a turn."""
        made = Place(self._leave, self._waited)
        self._places.append(made)
        self._call_first()
        return made

    async def empty(self) -> None:
        """Wait until everybody who queued before now has left."""
        if self._places:
            await self._places[-1].gone.wait()

    def _leave(self) -> None:
        # Who leaves before its turn stays a place: those behind it must not pass those before it.
        while self._places and self._places[0].has_left:
            self._places.popleft().gone.set()
        self._call_first()

    def _call_first(self) -> None:
        if self._places:
            self._places[0].called.set()


class Place:
    """One place in a line; ``with`` leaves it, whatever happened.

    Attributes:
        called: Set once all before have left.
        has_left: Whoever had it needs it no more.
        gone: Set once it was left, and all before it were.
    """

    def __init__(self, leave: Callable[[], None], waited: Callable[[float], None]) -> None:
        self._leave = leave
        self._waited = waited
        self.called, self.gone = asyncio.Event(), asyncio.Event()
        self.has_left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.has_left = True
        self._leave()

    async def turn(self) -> None:
        """Wait until all before have left."""
        since = time.perf_counter()
        await self.called.wait()
        self._waited(time.perf_counter() - since)
