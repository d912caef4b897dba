"""Where the page's figures come from: what it asks for and is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport
from boxgauge.server.page.history import Point


@dataclass(frozen=True, slots=True)
class MonitorEntry:
    """A monitor as listed.

    Attributes:
        classes: How many are evaluated.
        windows: Names, the one that is shown first in front.
        models: Names of the models seen, ascending.
        slices: ``key=value`` of those seen, ascending.
        watermark_us: The highest event time seen, microseconds since 1970; 0: none yet.
    """

    name: str
    tally: str
    classes: int
    windows: tuple[str, ...]
    models: tuple[str, ...]
    slices: tuple[str, ...]
    labelled_images: int
    watermark_us: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A report and for how many seconds it has not been known to be the newest state."""

    made: MonitorReport
    age_s: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A monitor and the newest report of each of its models over its first window, if any."""

    entry: MonitorEntry
    newest: tuple[Shown | None, ...]


class PageSource(Protocol):
    """Answers from what was made already; called by several threads at a time.

    Every method raises `NotFoundError` for what does not exist, naming it, and
    `UnavailableError` while the service starts or stops.
    """

    def monitors(self) -> Sequence[Listed]:
        """Return all monitors, ascending by name."""

    def report(self, monitor: str, model: str, window: str, slice_: str) -> Shown:
        """Return the newest report that was made.

        Args:
            monitor: Which monitor.
            model: May be empty where the monitor has seen exactly one.
            window: Empty: the monitor's first.
            slice_: ``key=value``; empty: all images.
        """

    def history(self, monitor: str, model: str, window: str) -> Sequence[Point]:
        """Return what was reported over time, oldest first, of all images."""

    def comparisons(self, monitor: str) -> Sequence[MonitorComparison]:
        """Return the newest comparison of each pair of models, window and slice."""
