"""Reports of a monitor: computed in a thread, once for all who ask, and kept while they hold."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from boxgauge.engine.notes import notes_of
from boxgauge.engine.online.comparing import paired, shared
from boxgauge.engine.online.quality_of_window import quality
from boxgauge.engine.online.window_rows import WindowColumns
from boxgauge.engine.online.windows import Window
from boxgauge.frames import FailedPreconditionError
from boxgauge.server.journal.types import Counts
from boxgauge.server.monitor.contents import Content, content_of
from boxgauge.server.monitor.definition import Compared, Definition, TallyKind
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport, MonitorTally
from boxgauge.server.monitor.steps import model_store, pair_store
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.monitor.turns import Ticket

_LOG = logging.getLogger(__name__)

R = TypeVar("R")
MISSED = "frames were taken that could not be counted: they are after a restart of the service"
# Waits for as long as refreshing has to rest after so many seconds of work.
Rest = Callable[[float], Awaitable[None]]


# Reports of one monitor that are kept: one of 80 classes takes about 100 kB.
_MOST_KEPT = 128


class Asked(NamedTuple):
    """Which report is asked for."""

    model: str
    window: Window
    slice: str


class Kept(NamedTuple):
    """A report and the version of the state that it is of."""

    version: tuple[int, int]
    made: MonitorReport


class Running(NamedTuple):
    """A report under way, and the turn that it waits for or has."""

    task: "asyncio.Task[Kept]"
    ticket: Ticket


class Reporter:
    """Keeps the newest report of each model, window and slice of one monitor.

    Args:
        monitor: Its name.
        definition: Its definition.
        stores: Its state.
        counts: Says how many sides are held now.
        around: What all monitors share.
    """

    def __init__(
        self,
        monitor: str,
        definition: Definition,
        stores: Stores,
        counts: Callable[[], Counts],
        around: Surroundings,
    ) -> None:
        self._monitor = monitor
        self._definition = definition
        self._stores = stores
        self._counts = counts
        self._around = around
        self._latest: dict[Asked, Kept] = {}
        self._running: dict[Asked, Running] = {}
        self._versions = 0
        self._next_slice = 0

    async def report(
        self, asked: Asked, max_age_s: float = 0.0, *, is_urgent: bool = True
    ) -> MonitorReport:
        """Return a report that reflects at least the state of now, or is no older than that.

        A computation that read its state before the last change is waited for and then
        repeated; one that reads it later is shared.

        Args:
            asked: Which.
            max_age_s: How old it may be.
            is_urgent: Somebody waits for it: it goes before those that are only refreshed.
        """
        wanted = self._stores.version(asked.model)
        while True:
            kept = self._latest.get(asked)
            if kept is not None:
                if time.monotonic() - kept.made.made_at <= max_age_s:
                    return kept.made
                if kept.version >= wanted:
                    return self._renewed(asked, kept)
            running = self._running.get(asked)
            # Done, it may still be listed: its callback waits for its turn on the loop, which
            # awaiting what is done never gives.
            if running is None or running.task.done():
                running = self._start(asked, is_urgent=is_urgent)
            elif is_urgent:
                running.ticket.urge()
            # Shielded: who gives up waiting must not take the report from the others.
            found = await asyncio.shield(running.task)
            if found.version >= wanted:
                return found.made

    async def compare(
        self, pair: Compared, window: Window, slice_: str, *, is_urgent: bool = True
    ) -> MonitorComparison:
        """Return how two models differ on the images that both have.

        Raises:
            FailedPreconditionError: The monitor does not compare them.
        """
        contents = self._compared_contents(pair, window, slice_)
        engine, made = self._around.engine, self._definition

        def run() -> MonitorComparison:
            a, b = (each.rows() for each in contents)
            if isinstance(a, WindowColumns) and isinstance(b, WindowColumns):
                a, b = shared(a, b)
            return MonitorComparison(
                self._monitor,
                pair.champion,
                pair.challenger,
                window,
                contents[0].span,
                slice_,
                paired(engine, made.classes, made.settings, a, b),
            )

        async with self._around.turns.ticket(is_urgent=is_urgent):
            return await self._timed(run)

    async def refresh(self, rest: Rest) -> None:
        """Bring what is exported of all images up to date: each model, window and comparison.

        Args:
            rest: Waits after each, so that refreshing takes no more than its share of time.
        """
        models = sorted(self._counts().predicted)
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
                self._monitor, self._counts().labelled, self._stores.watermark_us
            )

    async def tallies(
        self, model: str, window: Window, slices: Sequence[str]
    ) -> AsyncIterator[MonitorTally]:
        """Yield the tally of each slice as bytes."""
        store = self._stores.store(model_store(model))
        for name in slices:
            async with self._around.turns.ticket(is_urgent=True):
                held = content_of(store, window, name)
                data = await self._timed(held.tally)
            yield MonitorTally(model, window, held.span, name, data)

    async def refresh_slices(self, rest: Rest, until: float) -> None:
        """Bring reports of slices up to date, from where the last time ended, at least one.

        Args:
            rest: As for `refresh`.
            until: `time.monotonic` at which no more is begun.
        """
        asked = [
            Asked(model, window, name)
            for name in sorted(self._stores.slices())
            for model in sorted(self._counts().predicted)
            for window in self._definition.windows
        ]
        for _ in range(len(asked)):
            self._next_slice = (self._next_slice + 1) % len(asked)
            await self._refreshed(asked[self._next_slice], rest)
            if time.monotonic() > until:
                break

    async def _refreshed(self, asked: Asked, rest: Rest) -> bool:
        """Bring one report up to date and say whether that went well."""
        kept = self._latest.get(asked)
        if kept is not None and kept.version >= self._stores.version(asked.model):
            self._renewed(asked, kept)
            return True
        started = time.perf_counter()
        try:
            await self.report(asked, is_urgent=False)
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
            compared = await self.compare(pair, window, "", is_urgent=False)
            if self._stores.is_current:
                self._around.telemetry.compared(compared)
        except Exception:  # noqa: BLE001 (likewise)
            _LOG.exception("the comparison of %s of monitor %s failed", pair, self._monitor)
            return False
        finally:
            await rest(time.perf_counter() - started)
        return True

    def _start(self, asked: Asked, *, is_urgent: bool) -> Running:
        ticket = self._around.turns.ticket(is_urgent=is_urgent)
        task = asyncio.create_task(self._compute(asked, ticket))
        running = self._running[asked] = Running(task, ticket)
        task.add_done_callback(lambda done: self._done(asked, done))
        return running

    def _renewed(self, asked: Asked, kept: Kept) -> MonitorReport:
        """Return a report that still holds, with what goes on beside it."""
        made = replace(
            kept.made,
            labelled_images=self._counts().labelled,
            watermark_us=self._stores.watermark_us,
            made_at=time.monotonic(),
        )
        self._keep(asked, Kept(kept.version, made))
        return made

    def _keep(self, asked: Asked, kept: Kept) -> None:
        """Keep this report, and of slices only those that were asked for last."""
        self._latest.pop(asked, None)
        self._latest[asked] = kept
        if len(self._latest) > _MOST_KEPT:
            oldest = next((each for each in self._latest if each.slice), None)
            if oldest is not None:
                del self._latest[oldest]

    def _done(self, asked: Asked, task: asyncio.Task[Kept]) -> None:
        running = self._running.get(asked)
        if running is not None and running.task is task:
            del self._running[asked]
        if not task.cancelled():
            task.exception()  # who still waits gets it; with nobody there it is no news

    async def _compute(self, asked: Asked, ticket: Ticket) -> Kept:
        async with ticket:
            return await self._computed(asked)

    async def _computed(self, asked: Asked) -> Kept:
        # Taken together, before the first wait: one consistent state.
        stores, engine, definition = self._stores, self._around.engine, self._definition
        model, window, name = asked
        version, read_at = stores.version(model), time.monotonic()
        labelled, watermark_us = self._counts().labelled, stores.watermark_us
        held = content_of(stores.store(model_store(model)), window, name)
        notes = notes_of(stores.model(model).oddities, definition.settings)
        if stores.missed is not None:
            notes = (*notes, MISSED)
        outlook = stores.model(model).outlook(held.span, name)
        self._versions += 1
        number = self._versions

        def make() -> MonitorReport:
            found = quality(engine, definition.classes, definition.settings, held.rows())
            images, drift, estimate = outlook.run()
            return MonitorReport(
                monitor=self._monitor,
                model=model,
                version=number,
                window=window,
                span=held.span,
                slice=name,
                quality=replace(found, report=replace(found.report, notes=notes)),
                predicted_images=images,
                labelled_images=labelled,
                drift=drift,
                estimate=estimate,
                watermark_us=watermark_us,
                made_at=read_at,
            )

        made = await self._timed(make)
        kept = Kept(version, made)
        # A reset or deletion meanwhile has put other stores, or none, in this place.
        if stores.is_current:
            self._keep(asked, kept)
            self._around.telemetry.publish(made)
        return kept

    async def _timed(self, make: Callable[[], R]) -> R:
        started = time.perf_counter()
        made = await asyncio.get_running_loop().run_in_executor(self._around.executor, make)
        self._around.telemetry.report_seconds.observe(time.perf_counter() - started)
        return made

    def _compared_contents(
        self, asked: Compared, window: Window, slice_: str
    ) -> tuple[Content, Content]:
        """Return what the two models have of the images that are compared, as asked for."""
        models = asked.champion, asked.challenger
        pairs = self._definition.comparisons
        pair = next((p for p in pairs if {p.champion, p.challenger} == {*models}), None)
        if pair is not None:
            keys = [pair_store(pair, model) for model in models]
        elif self._definition.tally is TallyKind.EXACT:
            # It knows its images: those that both models have are looked up.
            keys = [model_store(model) for model in models]
        else:
            listed = ", ".join(f"{p.champion} and {p.challenger}" for p in pairs)
            raise FailedPreconditionError(
                f"monitor {self._monitor} keeps counts and compares {listed or 'no models'}:"
                f" not {asked.champion} and {asked.challenger}",
                field="challenger",
                value=asked.challenger,
            )
        champion, challenger = (content_of(self._stores.store(key), window, slice_) for key in keys)
        return champion, challenger
