"""Brings the exported reports of a monitor up to date, in the time that is left for it."""

import logging
import time
from collections.abc import Awaitable, Callable

from boxgauge.engine.online.windows import Window
from boxgauge.server.monitor.comparer import Comparer
from boxgauge.server.monitor.definition import Compared
from boxgauge.server.monitor.reporter import Asked, Reporter
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)

# Waits for as long as refreshing has to rest after so many seconds of work.
Rest = Callable[[float], Awaitable[None]]


class Refresher:
    """Asks for each report and comparison of one monitor that is exported, patiently.

    Args:
        state: Of the monitor, whose stores of now are reported on.
        reporter: Makes and exports its reports.
        comparer: Makes its comparisons.
        around: What all monitors share.
    """

    def __init__(
        self, state: MonitorState, reporter: Reporter, comparer: Comparer, around: Surroundings
    ) -> None:
        self._state = state
        self._monitor = state.name
        self._definition = state.definition
        # Of the state now: after a reset there are others, and what is asked of these is no news.
        self._stores = state.stores
        self._reporter = reporter
        self._comparer = comparer
        self._around = around
        self._next_slice = 0

    async def refresh(self, rest: Rest) -> None:
        """Bring what is exported of all images up to date: each model, window and comparison.

        Args:
            rest: Waits after each, so that refreshing takes no more than its share of time.
        """
        # Before any of them reads its state: it may pause, and rest, for long after that.
        began, models = time.monotonic(), self._models()
        done = [
            await self._refreshed(Asked(model, window, ""), rest)
            for model in models
            for window in self._definition.windows
        ]
        done += [
            await self._compared_again(pair, window, rest)
            for pair in self._definition.comparisons
            if {pair.champion, pair.challenger} <= set(models)
            for window in self._definition.windows
        ]
        # One that failed leaves all of them as old as they are, which an alert looks at.
        if self._stores.is_current and all(done):
            self._around.telemetry.refreshed(
                self._monitor,
                self._state.counts.labelled,
                self._stores.watermark_us,
                ago_s=time.monotonic() - began,
            )

    async def refresh_slices(self, rest: Rest, until: float) -> None:
        """Bring reports of slices up to date, from where the last time ended, at least one.

        Args:
            rest: As for `refresh`.
            until: `time.monotonic` at which no more is begun.
        """
        asked = [
            Asked(model, window, name)
            for name in sorted(self._stores.slices())
            for model in self._models()
            for window in self._definition.windows
        ]
        for _ in range(len(asked)):
            self._next_slice = (self._next_slice + 1) % len(asked)
            await self._refreshed(asked[self._next_slice], rest)
            if time.monotonic() > until:
                break

    def _models(self) -> list[str]:
        return sorted(self._state.counts.predicted)

    async def _refreshed(self, asked: Asked, rest: Rest) -> bool:
        """Bring one report up to date and say whether that went well."""
        if self._reporter.renew(asked):
            return True
        started = time.perf_counter()
        try:
            await self._reporter.report(asked, is_urgent=False)
        except Exception:  # noqa: BLE001 (one report's fault must not silence the others)
            _LOG.exception("the report of %s of monitor %s failed", asked, self._monitor)
            return False
        finally:
            await rest(time.perf_counter() - started)
        return True

    async def _compared_again(self, pair: Compared, window: Window, rest: Rest) -> bool:
        """Bring one comparison up to date, likewise."""
        started = time.perf_counter()
        try:
            compared = await self._comparer.compare(pair, window, "", is_urgent=False)
            if self._stores.is_current:
                self._around.telemetry.compared(compared)
        except Exception:  # noqa: BLE001 (likewise)
            _LOG.exception("the comparison of %s of monitor %s failed", pair, self._monitor)
            return False
        finally:
            await rest(time.perf_counter() - started)
        return True
