"""One monitor: what may be asked of it, and what forgets or restores all of it."""

import asyncio
from collections.abc import AsyncIterator, Callable

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.server.monitor.checkpoints import Checkpoints
from boxgauge.server.monitor.comparer import Comparer
from boxgauge.server.monitor.definition import Compared, Definition
from boxgauge.server.monitor.ending import Ending
from boxgauge.server.monitor.ingest import Between, Ingest
from boxgauge.server.monitor.intake import Observed
from boxgauge.server.monitor.lookups import Lookups
from boxgauge.server.monitor.outcomes import (
    EXPIRED_JOINED,
    EXPIRED_UNLABELLED,
    EXPIRED_UNPREDICTED,
    Outcomes,
)
from boxgauge.server.monitor.recovery import Recovery
from boxgauge.server.monitor.refresher import Refresher, Rest
from boxgauge.server.monitor.reporter import Asked, Reporter
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport, MonitorTally
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.sides import Arrivals
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings

_EXPIRE_AT_ONCE = 1000  # sides of one transaction, so that frames never wait long behind it


class Monitor:
    """A task with its ground truth, and the models that are measured on it.

    Lives on the event loop: between two waits nothing else touches it.

    Args:
        key: Of the monitor in the journal.
        name: Its name.
        definition: What is measured.
        around: What all monitors share.
    """

    def __init__(self, key: int, name: str, definition: Definition, around: Surroundings) -> None:
        self.key = key
        self.name = name
        self.definition = definition
        self._around = around
        self._state = MonitorState(key, name, definition, around)
        self._room = Room(self._state, around)
        self._lookups = Lookups(self._state)
        self._recovery = Recovery(name, self._rebuild, self._lacks, around.telemetry)
        self._ingest = Ingest(self._state, self._room, self._recovery, around)
        # A checkpoint and making the stores anew from the last one keep out of each other's way.
        self._keeping = asyncio.Lock()
        self._ending = Ending(self._state)
        self._begin()

    def _begin(self, checkpoints: Checkpoints | None = None) -> None:
        """Report on the stores that there are now.

        Args:
            checkpoints: What they were read from; None: nothing of them is in a checkpoint.
        """
        state, around = self._state, self._around
        counted = self.name, self.definition, state.stores
        self._checkpoints = checkpoints or Checkpoints(self.key, self.definition, around)
        self._reporter = Reporter(*counted, lambda: state.counts, around)
        self._comparer = Comparer(*counted, around)
        self._refresher = Refresher(state, self._reporter, self._comparer, around)

    @property
    def classes(self) -> tuple[ObjectClass, ...]:
        """What is evaluated."""
        return self.definition.classes

    @property
    def settings(self) -> EvaluationSettings:
        """With which thresholds."""
        return self.definition.settings

    @property
    def outcomes(self) -> Outcomes:
        """What came of frames that no report counts, by reason."""
        return self._state.outcomes

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._state.version

    @property
    def models(self) -> list[str]:
        """Names of the models seen, ascending."""
        return self._lookups.models

    @property
    def slices(self) -> list[str]:
        """Slices seen, ``key=value``, ascending."""
        return self._lookups.slices

    @property
    def labelled_images(self) -> int:
        """Images with ground truth."""
        return self._state.counts.labelled

    @property
    def held_boxes(self) -> int:
        """Boxes that the journal holds, both sides, all models."""
        return self._state.counts.boxes

    @property
    def tally_bytes(self) -> int:
        """Bytes of its stores in memory."""
        return self._state.stores.tally_bytes

    @property
    def watermark_us(self) -> int:
        """The highest event time that the stores reflect; 0: none yet."""
        return self._state.stores.watermark_us

    @property
    def recovery(self) -> Recovery:
        """What makes its tallies anew where they lack frames; frames wait for it meanwhile."""
        return self._recovery

    def observe(
        self, model: str, arrivals: Arrivals, *, between: Between | None = None
    ) -> "asyncio.Task[Observed]":
        """Judge the frames at once; return what became of them once they are reported on.

        They are journalled, matched and counted even if nobody waits any more.

        Args:
            model: Whose predictions they are.
            arrivals: The frames.
            between: Awaited between two parts of `TAKE_AT_ONCE` frames.

        Raises:
            InvalidInputError: There are predictions and the model's name is malformed.
        """
        return self._ingest.observe(model, arrivals, between)

    async def report(
        self, model: str = "", window: str = "", slice_: str = "", max_age_s: float = 0.0
    ) -> MonitorReport:
        """Return the report of one model.

        Args:
            model: May be empty where the monitor has seen exactly one.
            window: Empty: the first one.
            slice_: ``key=value``; empty: all images.
            max_age_s: How old it may be; 0: it reflects all that was acknowledged until now.

        Raises:
            NotFoundError: The model or slice has not been seen, or the monitor was deleted.
            InvalidInputError: The window is none, or the model's name is empty though there are
                several.
            FailedPreconditionError: The name is empty and there is no model yet.
        """
        find = self._lookups
        asked = Asked(find.model(model), find.window(window), find.slice(slice_))
        return await self._reporter.report(asked, max_age_s)

    async def compare(
        self, champion: str, challenger: str, window: str = "", slice_: str = ""
    ) -> MonitorComparison:
        """Return how two models differ on the images that both have.

        Raises:
            NotFoundError: A model or the slice has not been seen.
            FailedPreconditionError: The two are not among the monitor's comparisons.
        """
        find = self._lookups
        pair = Compared(find.model(champion), find.model(challenger))
        return await self._comparer.compare(pair, find.window(window), find.slice(slice_))

    async def tallies(self, model: str = "", window: str = "") -> AsyncIterator[MonitorTally]:
        """Yield the tallies of a window: of each model, or one, all images and each slice."""
        models = [self._lookups.model(model)] if model else self.models
        asked = self._lookups.window(window)
        for each in models:
            async for tally in self._reporter.tallies(each, asked, ("", *self.slices)):
                yield tally

    async def refresh(self, rest: Rest) -> None:
        """Bring exported reports of all images up to date; ``rest`` waits after each."""
        await self._refresher.refresh(rest)

    async def refresh_slices(self, rest: Rest, until: float) -> None:
        """Bring exported reports of slices up to date, one after the other."""
        await self._refresher.refresh_slices(rest, until)

    async def change_after(self, version: int) -> None:
        """Wait until the state is newer than ``version``."""
        await self._state.change_after(version)

    async def restore(self) -> int:
        """Bring the stores to what the journal says; return how many changes that took."""
        taken = await self._read(self._checkpoints, self._state.stores)
        self._room.hold()
        if self._lacks():
            self._recovery.begin(is_urgent=False)
        return taken

    async def keep(self) -> None:
        """Pack old buckets, and write a checkpoint, so that a restart has less to do."""
        async with self._keeping:
            await self._state.stores.age()
            await self._checkpoints.write(self._state.stores)

    async def expire(self) -> None:
        """Forget frames that are older than the retention, and count what they still waited for."""
        stores = self._state.stores
        before_us = stores.oldest_us()
        more = before_us > 0
        # A reset begins another life, whose frames may be older.
        while self._may_expire(stores) and more:
            with self._state.line.place() as place:
                gone = await self._around.journal.expire(self.key, before_us, limit=_EXPIRE_AT_ONCE)
                await place.turn()
                stores.forget(gone.joined)
                self.outcomes.count(EXPIRED_UNLABELLED, gone.unlabelled)
                self.outcomes.count(EXPIRED_UNPREDICTED, gone.unpredicted)
                self.outcomes.count(EXPIRED_JOINED, len(gone.joined))
                more = gone.more
            self._room.hold()

    async def reset(self) -> None:
        """Forget all images and models; where that is refused, all is as it was.

        Raises:
            NotFoundError: It was deleted.
            ResourceExhaustedError: The journal's file system has no room to note it.
            UnavailableError: It could not be written.
        """

        def settled() -> None:
            self._state.stores.is_current = False
            self._state.begin()
            self._begin()
            self._state.slicing.clear()
            self._recovery.end()

        async def forget() -> None:
            await self._around.journal.reset(self.key, settled=settled)

        def left() -> None:
            self._forgotten()
            self.outcomes.expose()
            self._state.bump()

        await self._ending.end(forget, left)

    async def delete(self, gone: Callable[[], None]) -> None:
        """Forget everything and take no more; where that is refused, all is as it was.

        Args:
            gone: Called as soon as nothing of it is in the journal any more.

        Raises:
            NotFoundError: It was deleted already.
            ResourceExhaustedError: The journal's file system has no room to note it.
            UnavailableError: It could not be written.
        """

        def settled() -> None:
            self._state.is_deleted = True
            self._state.stores.is_current = False
            self._recovery.end()
            gone()

        async def forget() -> None:
            await self._around.journal.delete(self.key, settled=settled)

        def left() -> None:
            self._forgotten()
            self._state.bump()

        await self._ending.end(forget, left)

    async def settle(self) -> None:
        """Wait for the frames under way, failed ones too: their caller may have gone."""
        await self._ingest.settle()
        await self._ending.settle()

    async def stop(self) -> None:
        """Attempt to make up for nothing any more; the next start does."""
        await self._recovery.stop()

    def _may_expire(self, stores: Stores) -> bool:
        """Say whether what the journal holds is what these stores count."""
        is_over = stores.is_ending or not stores.is_current
        return not (is_over or self._recovery.is_under_way)

    def _forgotten(self) -> None:
        """Count and export nothing of what was."""
        self._room.release()
        self._around.telemetry.forget(self.name)

    async def _read(self, checkpoints: Checkpoints, into: Stores) -> int:
        """Bring stores to what the journal says; return how many changes that took."""
        taken = 0
        async for changes in checkpoints.read(into):
            await self._ingest.restore(changes, into)
            taken += len(changes)
        self._state.slicing.restore(into.slices())
        return taken

    def _lacks(self) -> bool:
        """Say whether the stores lack what the journal holds."""
        return self._state.stores.missed is not None and not self._state.is_deleted

    async def _rebuild(self) -> int:
        """Put stores that were made from the journal in the place of those that lack something."""
        state = self._state
        # Nobody gets a place until this ends, so that the journal stays as it is.
        await state.line.empty()
        async with self._keeping:
            before = state.stores
            checkpoints = Checkpoints(self.key, self.definition, self._around)
            made = Stores(self.definition, self._around)
            taken = await self._read(checkpoints, made)
            # A reset meanwhile has begun anew, and lacks nothing.
            if state.stores is before and before.missed is not None:
                before.is_current = False
                made.is_ending = before.is_ending
                state.stores = made
                self._begin(checkpoints)
        self._room.hold()
        state.bump()
        return taken
