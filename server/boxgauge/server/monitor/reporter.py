"""Reports of a monitor: made beside the loop, once for all who ask, and kept while they hold."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from boxgauge.engine.notes import notes_of
from boxgauge.engine.online.windows import Window
from boxgauge.server.journal.types import Counts
from boxgauge.server.monitor.contents import content_of
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.report_work import ReportWork
from boxgauge.server.monitor.reports import MonitorReport, MonitorTally
from boxgauge.server.monitor.steps import model_store
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.monitor.turns import Ticket

MISSED = "frames were journalled that are not counted yet: tallies are being made anew"
UNMATCHED = "images could not be matched and are not counted"
# Reports of slices that are kept for who asks again: one of 80 classes takes about 100 kB. Of
# slices that are only exported the version is kept.
_MOST_SLICES = 16


class Asked(NamedTuple):
    """Which report is asked for."""

    model: str
    window: Window
    slice: str


class Kept(NamedTuple):
    """A report and the version of the state that it is of."""

    version: tuple[int, int]
    made: MonitorReport


@dataclass(eq=False)
class Running:
    """A report under way.

    Attributes:
        ticket: The turn that it waits for or has.
        task: Ends with it.
        version: Of the state that it read; None: it has not begun.
    """

    ticket: Ticket
    task: "asyncio.Task[Kept]" = field(init=False)
    version: tuple[int, int] | None = None

    def will_do(self, wanted: tuple[int, int], *, is_urgent: bool) -> bool:
        """Whether it is worth waiting for by who wants at least this version."""
        # Done, it may still be listed: its callback waits for its turn on the loop, which
        # awaiting what is done never gives.
        if self.task.done():
            return False
        # What nobody waits for may take its time, in which an urgent one is made from scratch.
        is_late = self.version is not None and self.version < wanted
        return not (is_late and is_urgent and not self.ticket.is_urgent)


class Reporter:
    """Computes the reports of one monitor, keeps the newest ones, and has all of them exported.

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
        self._exported: dict[Asked, tuple[int, int]] = {}
        self._running: dict[Asked, Running] = {}
        self._versions = 0

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
            if running is None or not running.will_do(wanted, is_urgent=is_urgent):
                running = self._start(asked, is_urgent=is_urgent)
            elif is_urgent:
                running.ticket.urge()
            # Shielded: who gives up waiting must not take the report from the others.
            found = await asyncio.shield(running.task)
            if found.version >= wanted:
                if is_urgent:
                    self._keep(asked, found)
                return found.made

    def renew(self, asked: Asked) -> bool:
        """Say whether the exported report still holds, and then that it is of now."""
        exported = self._exported.get(asked)
        if exported is None or exported < self._stores.version(asked.model):
            return False
        kept = self._latest.get(asked)
        if kept is not None and kept.version == exported:
            self._renewed(asked, kept)
        self._around.telemetry.renewed(self._monitor, asked.model, asked.window.name, asked.slice)
        return True

    async def tallies(
        self, model: str, window: Window, slices: Sequence[str]
    ) -> AsyncIterator[MonitorTally]:
        """Yield the tally of each slice as bytes."""
        store = self._stores.store(model_store(model))
        for name in slices:
            async with self._around.turns.ticket(is_urgent=True) as ticket:
                held = content_of(store, window, name)
                data = await self._around.run_report(ticket, held.tally)
            yield MonitorTally(model, window, held.span, name, data)

    def _start(self, asked: Asked, *, is_urgent: bool) -> Running:
        running = self._running[asked] = Running(self._around.turns.ticket(is_urgent=is_urgent))
        running.task = asyncio.create_task(self._compute(asked, running))
        running.task.add_done_callback(lambda done: self._done(asked, done))
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
        before = self._latest.pop(asked, None)
        self._latest[asked] = kept if before is None or before.version <= kept.version else before
        slices = [each for each in self._latest if each.slice]
        if len(slices) > _MOST_SLICES:
            del self._latest[slices[0]]

    def _done(self, asked: Asked, task: asyncio.Task[Kept]) -> None:
        running = self._running.get(asked)
        if running is not None and running.task is task:
            del self._running[asked]
        if not task.cancelled():
            task.exception()  # who still waits gets it; with nobody there it is no news

    async def _compute(self, asked: Asked, running: Running) -> Kept:
        async with running.ticket:
            return await self._computed(asked, running)

    async def _computed(self, asked: Asked, running: Running) -> Kept:
        # Taken together, before the first wait: one consistent state.
        stores, engine, definition = self._stores, self._around.engine, self._definition
        model, window, name = asked
        version, read_at = stores.version(model), time.monotonic()
        running.version = version
        labelled, watermark_us = self._counts().labelled, stores.watermark_us
        held = content_of(stores.store(model_store(model)), window, name)
        notes = notes_of(stores.model(model).oddities, definition.settings)
        if stores.is_behind:
            notes = (*notes, MISSED)
        if stores.unmatched:
            notes = (*notes, f"{len(stores.unmatched)} {UNMATCHED}")
        outlook = stores.model(model).outlook(held.span, name)
        self._versions += 1
        number = self._versions

        work = ReportWork(engine, held, outlook)
        found, images, drift, estimate = await self._around.run_report(running.ticket, work)
        made = MonitorReport(
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
        kept = Kept(version, made)
        # A reset or deletion meanwhile has put other stores, or none, in this place.
        if stores.is_current:
            if not asked.slice:
                self._keep(asked, kept)
            # While it paused, one that somebody waited for may have read a later state.
            if self._exported.get(asked, version) <= version:
                self._exported[asked] = version
                self._around.telemetry.publish(made)
        return kept
