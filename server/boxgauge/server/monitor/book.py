"""The book of monitors, by name, with the bounds on how many and how large."""

import asyncio
import logging
from dataclasses import fields

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import (
    AlreadyExistsError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
)
from boxgauge.server.monitor.monitor import Monitor, Surroundings
from boxgauge.server.monitor.names import check_name

_LOG = logging.getLogger(__name__)

# A report holds two arrays of (thresholds x 101 x classes x areas x maxima) float64
# while it is made: this keeps one below 330 MB, and takes LVIS (1203 classes) with COCO's values.
MAX_CELLS = 200_000
MAX_AREAS = 32
MAX_AREA_NAME = 100
_MOST_SHOWN = 10  # values of a list in a message: COCO's thresholds


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

    def create(
        self, name: str, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> Monitor:
        """Return the new monitor, or the one there is if its settings are the same.

        Raises:
            InvalidInputError: The name is malformed, the settings are too large, or the score
                threshold is one that no monitor's score can be compared with.
            AlreadyExistsError: The name is taken with other settings.
            ResourceExhaustedError: There are as many as there may be.
        """
        check_name("monitor", name)
        check_size(classes, settings)
        if not 0 <= settings.score_threshold <= 1:
            # Of a monitor alone: it takes scores in [0, 1], an evaluation any finite ones.
            raise InvalidInputError.at("score_threshold", settings.score_threshold, "in [0, 1]")
        known = self._monitors.get(name)
        if known is not None:
            if (known.classes, known.settings) == (classes, settings):
                return known
            other = _difference(known, classes, settings)
            raise AlreadyExistsError(
                f"monitor {name} exists with other settings: {other}", field="monitor", value=name
            )
        if len(self._monitors) >= self._max_monitors:
            raise ResourceExhaustedError(
                f"max_monitors is {self._max_monitors}: there are that many already",
                field="max_monitors",
                value=self._max_monitors,
            )
        monitor = Monitor(name, classes, settings, self._around)
        self._monitors[name] = monitor
        return monitor

    def get(self, name: str) -> Monitor:
        """Return the monitor of this name.

        Raises:
            NotFoundError: There is none.
        """
        monitor = self._monitors.get(name)
        if monitor is None:
            raise NotFoundError(f"there is no monitor {name[:100]!r}", field="monitor", value=name)
        return monitor

    def list(self) -> list[Monitor]:
        """Return all monitors, ascending by name."""
        return [self._monitors[name] for name in sorted(self._monitors)]

    def delete(self, name: str) -> None:
        """Remove the monitor of this name.

        Raises:
            NotFoundError: There is none.
        """
        self.get(name).delete()
        del self._monitors[name]

    async def refresh(self) -> None:
        """Bring every exported report up to date; one that fails is logged and the rest go on."""
        for monitor in self.list():
            try:
                await monitor.refresh()
            except Exception:  # noqa: BLE001 (one monitor's fault must not silence the others)
                _LOG.exception("the report of monitor %s failed", monitor.name)

    async def settle(self) -> None:
        """Wait for all matches under way."""
        await asyncio.gather(*(monitor.settle() for monitor in self.list()))


def _difference(
    known: Monitor, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
) -> str:
    """Return the first thing that the monitor has otherwise, with both values."""
    if known.classes != classes:
        here = [f"{each.id}={each.name}" for each in known.classes if each not in classes]
        there = [f"{each.id}={each.name}" for each in classes if each not in known.classes]
        return f"of the classes it has {_shown(here)} where the request has {_shown(there)}"
    name = next(
        each.name
        for each in fields(settings)
        if getattr(known.settings, each.name) != getattr(settings, each.name)
    )
    if name == "areas":
        has, asked = (
            [f"{area.name}={area.low:g}..{area.high:g}" for area in each.areas]
            for each in (known.settings, settings)
        )
        return f"areas are {_shown(has)}, not {_shown(asked)}"
    has, asked = (getattr(each, name) for each in (known.settings, settings))
    return f"{name} is {_shown(has)}, not {_shown(asked)}"


def _shown(value: object) -> str:
    """Return one value or a short list as text; a long list says how long it is."""
    if not isinstance(value, list | tuple):
        return str(value).lower() if isinstance(value, bool) else str(value)
    listed = ", ".join(str(each)[:40] for each in value[:_MOST_SHOWN])
    more = len(value) - _MOST_SHOWN
    return (listed + (f" and {more} more" if more > 0 else "")) or "none"
