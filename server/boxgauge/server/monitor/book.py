"""The book of monitors, by name, with the bounds on how many and how large."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.loss_graphs import LossGraphs
from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    DataLossError,
    FailedPreconditionError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
)
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.definition_bytes import definition_bytes, definition_of
from boxgauge.server.monitor.differences import difference
from boxgauge.server.monitor.monitor import Monitor
from boxgauge.server.monitor.names import check_name
from boxgauge.server.monitor.refresher import Rest
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)

# A report holds two arrays of (thresholds x 101 x classes x areas x maxima) float64
# while it is made: this keeps one below 330 MB, and takes LVIS (1203 classes) with COCO's values.
MAX_CELLS = 200_000
MAX_AREAS = 32
MAX_AREA_NAME = 100


def check_size(classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
    """Check that a report over these stays within memory and its labels within reason.

    Raises:
        InvalidInputError: Too many cells, too many areas, or an area's name is too long.
    """
    if len(settings.areas) > MAX_AREAS:
        raise InvalidInputError.at("areas", len(settings.areas), f"at most {MAX_AREAS}")
    for area in settings.areas:
        if not 0 < len(area.name.encode()) <= MAX_AREA_NAME:
            raise InvalidInputError.at(
                "areas.name", repr(area.name[:40]), f"of 1 to {MAX_AREA_NAME} bytes"
            )
    cells = (
        len(settings.iou_thresholds)
        * len(classes)
        * len(settings.areas)
        * len(settings.max_detections)
    )
    if cells > MAX_CELLS:
        raise InvalidInputError.at(
            "settings", cells, f"at most {MAX_CELLS} of thresholds × classes × areas × maxima"
        )


class Lost(NamedTuple):
    """A monitor that could not be brought back: its key in the journal, and why."""

    key: int
    why: str


class Book:
    """All monitors.

    Args:
        around: What they share.
        max_monitors: How many there may be.
    """

    def __init__(self, around: Surroundings, *, max_monitors: int) -> None:
        self._around = around
        self._max_monitors = max_monitors
        self._monitors: dict[str, Monitor] = {}
        self._lost: dict[str, Lost] = {}
        self._creating = asyncio.Lock()
        self._created: set[asyncio.Task[Monitor]] = set()

    async def restore(self) -> int:
        """Bring back the monitors that the journal knows, and what they had counted.

        One that cannot be brought back, by a fault of code or graphs, is out of service until
        the next start; the others serve.

        Returns:
            How many changes had to be replayed, or images matched anew.

        Raises:
            DataLossError: The journal is damaged: that is no monitor's own matter.
        """
        replayed = 0
        for kept in await self._around.journal.monitors():
            began = time.monotonic()
            try:
                monitor = Monitor(kept.id, kept.name, definition_of(kept.definition), self._around)
                changes = await monitor.restore()
            except DataLossError:
                raise
            except Exception as error:  # noqa: BLE001 (one monitor's fault must not stop the others)
                _LOG.exception("monitor %s cannot be brought back: out of service", kept.name)
                self._lost[kept.name] = Lost(kept.id, _told(error))
                self._around.telemetry.forget(kept.name)
                self._around.telemetry.monitors_out_of_service.set(len(self._lost))
                continue
            replayed += changes
            self._monitors[kept.name] = monitor
            _LOG.info(
                "monitor %s is back after %d changes in %.1f s",
                kept.name,
                changes,
                time.monotonic() - began,
            )
        return replayed

    async def create(self, name: str, definition: Definition) -> Monitor:
        """Return the new monitor, or the one there is if its definition is the same.

        Raises:
            InvalidInputError: The name is malformed, the settings are too large, or the score
                threshold is one that no monitor's score can be compared with.
            AlreadyExistsError: The name is taken with other settings.
            ResourceExhaustedError: There are as many as there may be, or the journal's file system
                has no room to note it.
            UnavailableError: It could not be written.
        """
        check_name("monitor", name)
        check_size(definition.classes, definition.settings)
        LossGraphs(self._around.engine, definition.losses)  # refuses those that are none
        threshold = definition.settings.score_threshold
        if not 0 <= threshold <= 1:
            # Of a monitor alone: it takes scores in [0, 1], an evaluation any finite ones.
            raise InvalidInputError.at("score_threshold", threshold, "in [0, 1]")
        # Whoever gives up waiting does not take the journal's call back: what is in the journal is
        # in the book, too.
        task = asyncio.create_task(self._create(name, definition))
        self._created.add(task)
        task.add_done_callback(self._created.discard)
        return await asyncio.shield(task)

    async def _create(self, name: str, definition: Definition) -> Monitor:
        async with self._creating:
            self._check_in_service(name)
            known = self._monitors.get(name)
            if known is not None:
                if known.definition == definition:
                    return known
                other = difference(known.definition, definition)
                raise AlreadyExistsError(
                    f"monitor {name} exists with other settings: {other}",
                    field="monitor",
                    value=name,
                )
            if len(self._monitors) + len(self._lost) >= self._max_monitors:
                raise ResourceExhaustedError(
                    f"max_monitors is {self._max_monitors}: there are that many already",
                    field="max_monitors",
                    value=self._max_monitors,
                )
            key = await self._around.journal.create(name, definition_bytes(definition))
            self._monitors[name] = Monitor(key, name, definition, self._around)
            return self._monitors[name]

    def get(self, name: str) -> Monitor:
        """Return the monitor of this name.

        Raises:
            NotFoundError: There is none.
            FailedPreconditionError: It could not be brought back from the journal.
        """
        self._check_in_service(name)
        monitor = self._monitors.get(name)
        if monitor is None:
            raise NotFoundError(f"there is no monitor {name[:100]!r}", field="monitor", value=name)
        return monitor

    def list(self) -> list[Monitor]:
        """Return all monitors, ascending by name."""
        return [self._monitors[name] for name in sorted(self._monitors)]

    async def delete(self, name: str) -> None:
        """Remove the monitor of this name; where that is refused, it stays.

        Raises:
            NotFoundError: There is none.
            ResourceExhaustedError: The journal's file system has no room to note it.
            UnavailableError: It could not be written.
        """

        def gone() -> None:
            # Not before the journal has let go of it, and before anybody makes it anew.
            self._monitors.pop(name, None)
            self._lost.pop(name, None)
            self._around.telemetry.monitors_out_of_service.set(len(self._lost))

        lost = self._lost.get(name)
        if lost is not None:
            await self._around.journal.delete(lost.key, settled=gone)
            return
        await self.get(name).delete(gone)

    async def refresh(self, rest: Rest | None = None, until: float = math.inf) -> None:
        """Bring exported reports up to date; one that fails is logged and the rest go on.

        Args:
            rest: Waits after each report; None: nothing does.
            until: `time.monotonic` at which no more reports of slices are begun; the next time
                goes on where this one ended. Every monitor has its share of the time till then.
        """
        rest = rest or _no_rest
        await self._each("report", lambda monitor: monitor.refresh(rest))
        left = len(self._monitors)

        async def slices(monitor: Monitor) -> None:
            nonlocal left
            now = time.monotonic()
            share_s, left = (until - now) / left, left - 1
            await monitor.refresh_slices(rest, now + share_s)

        await self._each("report of a slice", slices)

    async def tend(self) -> None:
        """Forget what is older than its retention, and write checkpoints."""
        await self._each("expiry", Monitor.expire)
        await self._each("checkpoint", Monitor.keep)

    async def settle(self) -> None:
        """Wait for all frames under way, and for monitors that are being made."""
        await asyncio.gather(*self._created, return_exceptions=True)
        await asyncio.gather(*(monitor.settle() for monitor in self.list()))

    async def stop(self) -> None:
        """Wait for all frames under way, and make up for nothing that they lack any more."""
        await self.settle()
        await asyncio.gather(*(monitor.stop() for monitor in self.list()))

    def _check_in_service(self, name: str) -> None:
        lost = self._lost.get(name)
        if lost is not None:
            raise FailedPreconditionError(
                f"monitor {name} is out of service, since the start could not bring it back from"
                f" the journal: {lost.why}. Its frames are kept; the next start tries again, and"
                " deleting it forgets them",
                field="monitor",
                value=name,
            )

    async def _each(self, what: str, of: Callable[[Monitor], Awaitable[None]]) -> None:
        for monitor in self.list():
            try:
                await of(monitor)
            except Exception:  # noqa: BLE001 (one monitor's fault must not silence the others)
                _LOG.exception("the %s of monitor %s failed", what, monitor.name)


def _told(error: Exception) -> str:
    """Return why a monitor is out of service, as a caller may read it."""
    return str(error) if isinstance(error, BoxGaugeError) else "the service's log says why"


async def _no_rest(_worked_s: float) -> None:
    """Go on at once."""
