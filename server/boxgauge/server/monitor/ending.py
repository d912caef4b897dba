"""Resets and deletions of a monitor: one at a time, to the end; refused, they change nothing."""

import asyncio
from collections.abc import Awaitable, Callable

from boxgauge.server.monitor.state import MonitorState


class Ending:
    """Ends what a monitor counts, in its place in the monitor's line.

    Args:
        state: Of the monitor, whose stores stay in use until the journal has forgotten them.
    """

    def __init__(self, state: MonitorState) -> None:
        self._state = state
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def end(self, forget: Callable[[], Awaitable[None]], left: Callable[[], None]) -> None:
        """Have the journal forget, and wait for the frames before that; whoever waits may go.

        Args:
            forget: Asks it of the journal, and puts other stores in place once it is on disk.
            left: Called after that, once no frame that was journalled before it is under way.

        Raises:
            BoxGaugeError: The journal has refused, and nothing has changed.
        """
        # Whoever gives up waiting does not take the journal's call back, and so not this either.
        task = asyncio.create_task(self._end(forget, left))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait for all that is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _end(self, forget: Callable[[], Awaitable[None]], left: Callable[[], None]) -> None:
        async with self._one_at_a_time:
            with self._state.line.place() as place:
                self._state.stores.is_ending = True
                try:
                    await forget()
                finally:
                    # Other stores than before, or the same since it was refused.
                    self._state.stores.is_ending = False
                await place.turn()
            left()
