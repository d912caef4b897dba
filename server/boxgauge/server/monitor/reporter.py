"""Reports of a monitor's models: computed in a thread, once for all who ask."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from boxgauge.engine import Engine, Report
from boxgauge.engine.notes import differences
from boxgauge.engine.online.quality import Quality, ScoreCalibration
from boxgauge.engine.online.windows import Span, Window
from boxgauge.server.monitor.join import Join, Model
from boxgauge.server.monitor.reports import MonitorReport, without_curves
from boxgauge.server.monitor.rows import unpack_ground_truths
from boxgauge.server.telemetry import Telemetry


class Reporter:
    """Keeps the newest report of each model of one monitor.

    Args:
        monitor: Name of the monitor.
        join: Its state.
        version: Says the state's present version.
        turn: Held while a report is computed: one takes memory, several at once take more.
    """

    def __init__(
        self,
        monitor: str,
        join: Join,
        version: Callable[[], int],
        *,
        engine: Engine,
        executor: Executor,
        telemetry: Telemetry,
        turn: asyncio.Semaphore,
    ) -> None:
        self._monitor = monitor
        self._join = join
        self._version = version
        self._engine = engine
        self._executor = executor
        self._telemetry = telemetry
        self._turn = turn
        self._latest: dict[str, tuple[int, MonitorReport]] = {}
        self._running: dict[str, asyncio.Task[MonitorReport]] = {}

    async def report(self, model: Model) -> MonitorReport:
        """Return a report that reflects at least the state of now.

        A computation that started before the last change is waited for and then
        repeated; one that started after it is shared.
        """
        wanted = self._version()
        while True:
            _, latest = self._latest.get(model.name, (0, None))
            if latest is not None and latest.version >= wanted:
                return latest
            task = self._running.get(model.name)
            # Done, it may still be listed: its callback waits for its turn on the loop, which
            # awaiting what is done never gives.
            if task is None or task.done():
                task = asyncio.create_task(self._compute(model))
                self._running[model.name] = task
                task.add_done_callback(lambda done: self._done(model.name, done))
            # Shielded: who gives up waiting must not take the report from the others.
            made = await asyncio.shield(task)
            if made.version >= wanted:
                return made

    def forget(self) -> None:
        """Forget all reports; those being computed are not kept either."""
        self._latest.clear()
        self._running.clear()
        self._telemetry.forget(self._monitor)

    def _done(self, model: str, task: asyncio.Task[MonitorReport]) -> None:
        if self._running.get(model) is task:
            del self._running[model]
        if not task.cancelled():
            task.exception()  # who still waits gets it; with nobody there it is no news

    async def _compute(self, model: Model) -> MonitorReport:
        # Taken together, before the first wait: one consistent state.
        version, tally_version = self._version(), model.version
        predicted, labelled = len(model.predictions), len(self._join.labels)
        known_version, known = self._latest.get(model.name, (-1, None))
        if known is not None and known_version == tally_version:
            made = replace(
                known, version=version, predicted_images=predicted, labelled_images=labelled
            )
        else:
            snapshot = model.tally.snapshot()
            matched = [(image_id, pair[1].rows) for image_id, pair in model.matched.items()]

            def make() -> Report:
                report = model.tally.report(self._engine, snapshot)
                truths = unpack_ground_truths(
                    tuple(image_id for image_id, _ in matched), [rows for _, rows in matched]
                )
                return replace(report, notes=differences(truths, report.settings))

            report = await self._timed(make)
            made = MonitorReport(
                monitor=self._monitor,
                model=model.name,
                version=version,
                window=Window(),
                span=Span(0, 0),
                slice="",
                quality=_quality(report),
                predicted_images=predicted,
                labelled_images=labelled,
                drift=None,
                estimate=None,
                watermark_us=0,
                made_at=time.monotonic(),
            )
        # A reset or deletion meanwhile has put another model, or none, in this place.
        if self._join.models.get(model.name) is model:
            self._latest[model.name] = (tally_version, made)
            self._telemetry.publish(made)
        return made

    async def _timed(self, make: Callable[[], Report]) -> Report:
        async with self._turn:
            started = time.perf_counter()
            report = await asyncio.get_running_loop().run_in_executor(self._executor, make)
            self._telemetry.report_seconds.observe(time.perf_counter() - started)
        return report


def _quality(report: Report) -> Quality:
    none = np.zeros(0, np.int64)
    calibration = ScoreCalibration(None, np.zeros(1), none, none, np.zeros(0))
    return Quality(
        without_curves(report), None, None, None, None, (), (), calibration, (), (), (), None
    )
