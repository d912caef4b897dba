"""Makes a monitor's tallies anew from the journal, once they lack frames that are in it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from boxgauge.frames import NotFoundError, UnavailableError
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)
# Between two attempts: as short as helps, then ever longer.
FIRST_REST_S, MOST_REST_S = 0.5, 60.0


class Recovery:
    """Attempts, one after the other, until one goes well; frames of the monitor wait meanwhile.

    Frames that come during an attempt wait for its end, and are refused after one that failed:
    what is acknowledged is in the reports. Other monitors go on.

    Where single images are all that the tallies lack, frames go on between two attempts, too. The
    first one comes a little later; if it leaves images out again, the next one comes after the
    longest rest, since each keeps frames waiting for as long as it takes.

    Args:
        monitor: Its name.
        rebuild: Makes its tallies anew and returns how many changes that took.
        lacks: Says whether the tallies lack anything.
        telemetry: Told how many monitors are at it.
    """

    def __init__(
        self,
        monitor: str,
        rebuild: Callable[[], Awaitable[int]],
        lacks: Callable[[], bool],
        telemetry: Telemetry,
    ) -> None:
        self._monitor = monitor
        self._rebuild = rebuild
        self._lacks = lacks
        self._telemetry = telemetry
        self._task: asyncio.Task[None] | None = None
        self._is_resting = self._is_stopped = self._is_given_up = False
        self._is_aside = False  # frames go on
        self._hurry = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def is_under_way(self) -> bool:
        """Whether tallies lack frames that are being made up for, and frames wait for that."""
        return self._task is not None and not self._is_aside

    def begin(self, *, is_urgent: bool = True) -> None:
        """Make the tallies anew as soon as frames under way have settled.

        Args:
            is_urgent: Frames wait for it from now on; else they go on until it is attempted.
        """
        if self._is_stopped:
            return
        if self._task is None:
            self._is_aside = not is_urgent
            self._telemetry.monitors_behind.inc()
            self._task = asyncio.create_task(self._run())
        elif is_urgent and self._is_aside:
            self._is_aside = False
            self._hurry.set()

    def end(self) -> None:
        """Make up for nothing any more: what was lacking is forgotten; whoever waits goes on."""
        if self._task is not None:
            self._task.cancel()
            self._over()

    async def passed(self) -> None:
        """Return once tallies lack nothing; at once, without a wait, where that is so already.

        Raises:
            UnavailableError: An attempt failed, and the next one has not ended, or there will be
                none, since the service stops.
        """
        while self.is_under_way and not self._is_resting:
            await self._ended.wait()
        if self.is_under_way or self._is_given_up:
            raise UnavailableError(
                f"monitor {self._monitor} has journalled frames that could not be counted: its"
                " tallies are made anew from the journal, and frames are taken again after that",
                field="monitor",
                value=self._monitor,
            )

    async def stop(self) -> None:
        """Attempt nothing any more; whoever waits is refused."""
        self._is_stopped = True
        task = self._task
        if task is not None:
            self._is_given_up = self.is_under_way
            self.end()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        rest_s = FIRST_REST_S
        try:
            if self._is_aside:
                await self._rest_aside(FIRST_REST_S)
            while self._lacks():
                if await self._attempted():
                    rest_s = FIRST_REST_S
                    if self._lacks():
                        await self._rest_aside(MOST_REST_S)
                    continue
                self._is_resting = True
                self._wake()
                await asyncio.sleep(rest_s)
                rest_s = min(2 * rest_s, MOST_REST_S)
                self._is_resting = False
        finally:
            # Whoever ended it before this has done so: there may be the task of another one by now.
            if self._task is asyncio.current_task():
                self._over()

    async def _rest_aside(self, seconds: float) -> None:
        """Rest while frames go on, until it is urgent."""
        self._is_aside = not self._hurry.is_set()
        self._wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        self._hurry.clear()
        self._is_aside = False

    async def _attempted(self) -> bool:
        try:
            taken = await self._rebuild()
        except NotFoundError:
            return True  # it was deleted
        except Exception:  # noqa: BLE001 (whatever it was, the next attempt may go well)
            _LOG.exception("the tallies of monitor %s could not be made anew", self._monitor)
            return False
        _LOG.warning(
            "the tallies of monitor %s were made anew from %d changes", self._monitor, taken
        )
        return True

    def _over(self) -> None:
        self._telemetry.monitors_behind.dec()
        self._task = None
        self._is_resting = self._is_aside = False
        self._hurry.clear()
        self._wake()

    def _wake(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()
