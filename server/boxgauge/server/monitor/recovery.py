"""Makes a monitor's tallies anew from the journal, once they lack frames that are in it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from boxgauge.frames import NotFoundError, UnavailableError
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)
# Between two attempts: as short as helps, then ever longer.
FIRST_REST_S, MOST_REST_S = 0.5, 60.0


class Recovery:
    """Attempts, one after the other, until one goes well; frames of the monitor wait meanwhile.

    Frames that come during an attempt wait for its end, and are refused after one that failed:
    what is acknowledged is in the reports. Other monitors go on.

    Args:
        monitor: Its name.
        rebuild: Makes its tallies anew and returns how many changes that took.
        telemetry: Told how many monitors are at it.
    """

    def __init__(
        self, monitor: str, rebuild: Callable[[], Awaitable[int]], telemetry: Telemetry
    ) -> None:
        self._monitor = monitor
        self._rebuild = rebuild
        self._telemetry = telemetry
        self._task: asyncio.Task[None] | None = None
        self._is_resting = self._is_stopped = self._is_given_up = False
        self._ended = asyncio.Event()
        self._told: set[Callable[[], None]] = set()

    @property
    def is_under_way(self) -> bool:
        """Whether tallies lack frames that are being made up for."""
        return self._task is not None

    def begin(self) -> None:
        """Make the tallies anew as soon as frames under way have settled."""
        if self._task is None and not self._is_stopped:
            self._task = asyncio.create_task(self._run())
            for tell in tuple(self._told):
                tell()

    def told(self, begins: Callable[[], None]) -> Callable[[], None]:
        """Have something called whenever a recovery begins, at once if one is under way.

        Returns:
            What ends that.
        """
        self._told.add(begins)
        if self.is_under_way:
            begins()
        return lambda: self._told.discard(begins)

    async def passed(self) -> None:
        """Return once tallies lack nothing; at once, without a wait, where that is so already.

        Raises:
            UnavailableError: An attempt failed, and the next one has not ended, or there will be
                none, since the service stops.
        """
        while self._task is not None and not self._is_resting:
            await self._ended.wait()
        if self._task is not None or self._is_given_up:
            raise self.refusal()

    def refusal(self) -> UnavailableError:
        """Return what frames are refused with until tallies lack nothing."""
        return UnavailableError(
            f"monitor {self._monitor} has journalled frames that could not be counted: its"
            " tallies are made anew from the journal, and frames are taken again after that",
            field="monitor",
            value=self._monitor,
        )

    async def stop(self) -> None:
        """Attempt nothing any more; whoever waits is refused."""
        self._is_stopped = True
        if self._task is not None:
            self._is_given_up = True
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        rest_s = FIRST_REST_S
        self._telemetry.monitors_behind.inc()
        try:
            while not await self._attempted():
                self._is_resting = True
                self._wake()
                await asyncio.sleep(rest_s)
                rest_s = min(2 * rest_s, MOST_REST_S)
                self._is_resting = False
        finally:
            self._telemetry.monitors_behind.dec()
            self._task = None
            self._wake()

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

    def _wake(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()
