"""What a service does by itself, again and again: reports, checkpoints, memory."""

import asyncio
import itertools
import time
from collections.abc import Coroutine
from typing import Any

from boxgauge.server.allocator import give_back_freed
from boxgauge.server.garbage import Garbage
from boxgauge.server.monitor.book import Book
from boxgauge.server.settings import Settings

# Of the time, what refreshing exported reports and writing checkpoints may take at most: the rest
# is for frames, and for reports that somebody waits for.
_REFRESHING_SHARE, _TENDING_SHARE = 0.25, 0.1
# Between two rounds of refreshing, as a share of the interval.
_LEAST_PAUSE = 0.1
# Little comes in so short a time: looking through it takes some milliseconds.
_SET_ASIDE_S = 3.0
_TRIM_PASSES = 20  # of these between two times that freed memory is given back


class Upkeep:
    """The tasks of one service that end only when they are cancelled.

    Args:
        settings: How often.
        book: The monitors.
        garbage: Python's collector of it.
    """

    def __init__(self, settings: Settings, book: Book, garbage: Garbage) -> None:
        self._settings = settings
        self._book = book
        self._garbage = garbage

    def tasks(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Return all of them, to be run side by side."""
        return self.refresh(), self.tend(), self.set_aside()

    async def refresh(self) -> None:
        """Keep the exported reports up to date: those of all images at every interval.

        What is left of the interval is for slices.
        """
        interval_s = self._settings.report_interval_s
        due = time.monotonic()
        while True:
            due = max(due + interval_s, time.monotonic() + _LEAST_PAUSE * interval_s)
            await asyncio.sleep(due - time.monotonic())
            await self._book.refresh(_rest, until=due + (1 - _LEAST_PAUSE) * interval_s)

    async def tend(self) -> None:
        """Forget what is too old, and write checkpoints: in a share of the time at most."""
        rest_s = self._settings.checkpoint_interval_s
        while True:
            await asyncio.sleep(rest_s)
            started = time.monotonic()
            await self._book.tend()
            worked_s = time.monotonic() - started
            rest_s = max(self._settings.checkpoint_interval_s, worked_s / _TENDING_SHARE)

    async def set_aside(self) -> None:
        """Keep the collector of garbage from what stays, and memory from what does not."""
        for passes in itertools.count(1):
            await asyncio.sleep(_SET_ASIDE_S)
            self._garbage.set_aside()
            if passes % _TRIM_PASSES == 0:
                # Not on the loop: it waits for threads that are just taking memory.
                await asyncio.to_thread(give_back_freed)


async def _rest(worked_s: float) -> None:
    """Rest after refreshing for so long."""
    await asyncio.sleep(worked_s * (1 / _REFRESHING_SHARE - 1))
