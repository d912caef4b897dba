"""A line: tasks do their last part in the order in which they queued."""

import asyncio
import time
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
        self._last: asyncio.Event | None = None

    def place(self) -> "Place":
        """Return the next place; it MUST be entered and left, else nobody behind it has a turn."""
        made = Place(self._last, self._waited)
        self._last = made.left
        return made

    async def empty(self) -> None:
        """Wait until everybody who queued before now has left."""
        if self._last is not None:
            await self._last.wait()


class Place:
    """One place in a line; ``with`` leaves it, whatever happened.

    Attributes:
        left: Set once it was left.
    """

    def __init__(self, before: asyncio.Event | None, waited: Callable[[float], None]) -> None:
        self._before = before
        self._waited = waited
        self.left = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.left.set()

    async def turn(self) -> None:
        """Wait until all before have left."""
        since = time.perf_counter()
        if self._before is not None:
            await self._before.wait()
            self._before = None
        self._waited(time.perf_counter() - since)
