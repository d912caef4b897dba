"""The newest reports, for the page to show: written on the event loop, read by HTTP threads."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from boxgauge.frames import NotFoundError
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport
from boxgauge.server.page.history import History, Point
from boxgauge.server.page.source import Listed, MonitorEntry, Shown

_Key = tuple[str, str, str, str]


# Reports of slices that are kept, all monitors together: one of 80 classes takes about 100 kB.
MAX_SLICES = 256


class Shelf:
    """A `PageSource` over the reports that it is given.

    Args:
        history: What was reported over time.
        listed: Returns all monitors, ascending by name; called by threads that answer requests.
        clock: `time.monotonic`, by which reports say when they were made.
    """

    def __init__(
        self,
        history: History,
        listed: Callable[[], Sequence[MonitorEntry]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._history = history
        self._listed = listed
        self._clock = clock
        self._lock = threading.Lock()
        self._reports: dict[_Key, MonitorReport] = {}
        self._current: dict[str, float] = {}
        self._comparisons: dict[str, dict[_Key, MonitorComparison]] = {}

    def record(self, made: MonitorReport) -> None:
        """Show this report in place of the last one of its model, window and slice."""
        self._history.record(made)
        with self._lock:
            self._put(made)

    def renewed(self, monitor: str, model: str, window: str, slice_: str) -> None:
        """Show the last report as of now, if it is still here: it holds."""
        with self._lock:
            made = self._reports.get((monitor, model, window, slice_))
            if made is not None:
                self._put(replace(made, made_at=self._clock()))

    def _put(self, made: MonitorReport) -> None:
        """Put a report in the place of the last one, and let go of the oldest of many slices."""
        key = made.monitor, made.model, made.window.name, made.slice
        self._reports.pop(key, None)
        self._reports[key] = made
        slices = [each for each in self._reports if each[3]]
        if len(slices) > MAX_SLICES:
            del self._reports[slices[0]]

    def compared(self, made: MonitorComparison) -> None:
        """Show this comparison in place of the last one of its models, window and slice."""
        with self._lock:
            found = self._comparisons.setdefault(made.monitor, {})
            found[made.champion, made.challenger, made.window.name, made.slice] = made

    def refreshed(self, monitor: str, ago_s: float) -> None:
        """Note that a monitor's reports of all images were the newest state so long ago."""
        with self._lock:
            self._current[monitor] = self._clock() - ago_s

    def forget(self, monitor: str) -> None:
        """Show nothing of this monitor any more."""
        self._history.forget(monitor)
        with self._lock:
            self._reports = {key: each for key, each in self._reports.items() if key[0] != monitor}
            self._current.pop(monitor, None)
            self._comparisons.pop(monitor, None)

    def monitors(self) -> Sequence[Listed]:
        """Return all monitors, ascending by name."""
        return [
            Listed(
                entry,
                tuple(
                    self._newest((entry.name, model, entry.windows[0], ""))
                    for model in entry.models
                ),
            )
            for entry in self._listed()
        ]

    def report(self, monitor: str, model: str, window: str, slice_: str) -> Shown:
        """Return the newest report that was made; see `PageSource.report`.

        Raises:
            NotFoundError: There is none; the field says what is missing.
        """
        model, window = self._resolved(monitor, model, window, slice_)
        shown = self._newest((monitor, model, window, slice_))
        if shown is None:
            raise NotFoundError(
                f"no report of model {model} over window {window} was made yet",
                field="report",
                value=f"{monitor}, {model}, {window}",
            )
        return shown

    def history(self, monitor: str, model: str, window: str) -> Sequence[Point]:
        """Return what was reported over time, oldest first, of all images.

        Raises:
            NotFoundError: There is no such monitor, model or window.
        """
        model, window = self._resolved(monitor, model, window, "")
        return self._history.points(monitor, model, window)

    def comparisons(self, monitor: str) -> Sequence[MonitorComparison]:
        """Return the newest comparison of each pair of models, window and slice.

        Raises:
            NotFoundError: There is no such monitor.
        """
        self._entry(monitor)
        with self._lock:
            found = self._comparisons.get(monitor, {})
            return tuple(found[key] for key in sorted(found))

    def _newest(self, key: _Key) -> Shown | None:
        with self._lock:
            made = self._reports.get(key)
            # Slices take turns: each is as old as it says.
            current = 0.0 if key[3] else self._current.get(key[0], 0.0)
        if made is None:
            return None
        return Shown(made, max(self._clock() - max(made.made_at, current), 0.0))

    def _entry(self, monitor: str) -> MonitorEntry:
        found = next((each for each in self._listed() if each.name == monitor), None)
        if found is None:
            raise _absent("monitor", monitor, "exists")
        return found

    def _resolved(self, monitor: str, model: str, window: str, slice_: str) -> tuple[str, str]:
        """Return the names of model and window, chosen where they are empty and there is one."""
        entry = self._entry(monitor)
        if not entry.models:
            text = f"monitor {monitor} has seen no predictions yet"
            raise NotFoundError(text, field="model", value=model)
        if not model and len(entry.models) == 1:
            model = entry.models[0]
        window = window or entry.windows[0]
        if model not in entry.models:
            raise _absent("model", model, f"has been seen, only {', '.join(entry.models)}")
        if window not in entry.windows:
            raise _absent("window", window, f"is kept, only {', '.join(entry.windows)}")
        if slice_ and slice_ not in entry.slices:
            raise _absent("slice", slice_, f"of monitor {monitor} has been seen")
        return model, window


def _absent(field: str, value: str, what: str) -> NotFoundError:
    return NotFoundError(f"no {field} {value[:100]!r} {what}", field=field, value=value)
