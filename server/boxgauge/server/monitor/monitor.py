"""One monitor: judges frames, journals them, and keeps its stores in step with the journal."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

import numpy as np

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import (
    FailedPreconditionError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
)
from boxgauge.server.journal.types import CameFrame, Change, HeldSide, Outcome, Taken
from boxgauge.server.monitor.checkpoints import Checkpoints
from boxgauge.server.monitor.definition import Compared, Definition, TallyKind
from boxgauge.server.monitor.intake import Intake, Observed
from boxgauge.server.monitor.line import Line, Place
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.outcomes import (
    EXPIRED_JOINED,
    EXPIRED_UNLABELLED,
    EXPIRED_UNPREDICTED,
    NOT_COUNTED,
    Outcomes,
)
from boxgauge.server.monitor.pairs import check_pairs
from boxgauge.server.monitor.reporter import Asked, Reporter, Rest
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport, MonitorTally
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side
from boxgauge.server.monitor.slicing import Slicing
from boxgauge.server.monitor.steps import beside, steps_of
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)
TAKE_AT_ONCE = 512  # frames of one transaction: all that they join is in memory at once
_EXPIRE_AT_ONCE = 1000  # sides of one transaction, so that frames never wait long behind it


class Monitor:
    """A task with its ground truth, and the models that are measured on it.

    Lives on the event loop: between two waits nothing else touches it.

    Attributes:
        version: Grows with every change.
        is_deleted: Nothing more may come.
        outcomes: What came of frames that no report counts, by reason.
    """

    def __init__(self, key: int, name: str, definition: Definition, around: Surroundings) -> None:
        self.key = key
        self.name = name
        self.definition = definition
        self.version = 1
        self.is_deleted = False
        self.outcomes = Outcomes(name, around.telemetry)
        self._around = around
        self._share = around.ledger.share()
        self._slicing = Slicing(definition.slices)
        self._intake = Intake(
            definition,
            self._slicing,
            self._check_room,
            self.outcomes,
            lambda: self._stores.watermark_us,
        )
        self._beside = beside(definition.comparisons)
        self._matcher = Matcher(
            around.engine,
            definition.settings,
            around.executor,
            max_waiting=around.max_waiting,
        )
        self._line = Line()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Observed]] = set()
        self._full: ResourceExhaustedError | None = None
        self._reserved = np.zeros(2, np.int64)
        self._begin()

    def _begin(self) -> None:
        """Hold nothing."""
        self._stores = Stores(self.definition, self._around)
        self._checkpoints = Checkpoints(self.key, self.definition, self._around)
        self._reporter = Reporter(
            self.name,
            self.definition,
            self._stores,
            lambda: self._around.journal.counts(self.key),
            self._around,
        )

    @property
    def classes(self) -> tuple[ObjectClass, ...]:
        """What is evaluated."""
        return self.definition.classes

    @property
    def settings(self) -> EvaluationSettings:
        """With which thresholds."""
        return self.definition.settings

    @property
    def models(self) -> list[str]:
        """Names of the models seen, ascending."""
        return sorted(self._around.journal.counts(self.key).predicted)

    @property
    def slices(self) -> list[str]:
        """Slices seen, ``key=value``, ascending."""
        return self._slicing.names

    @property
    def labelled_images(self) -> int:
        """Images with ground truth."""
        return self._around.journal.counts(self.key).labelled

    @property
    def held_boxes(self) -> int:
        """Boxes that the journal holds, both sides, all models."""
        return self._around.journal.counts(self.key).boxes

    @property
    def tally_bytes(self) -> int:
        """Bytes of its stores in memory."""
        return self._stores.tally_bytes

    @property
    def watermark_us(self) -> int:
        """The highest event time that the stores reflect; 0: none yet."""
        return self._stores.watermark_us

    def observe(
        self,
        model: str,
        arrivals: Arrivals,
        *,
        between: Callable[[], Awaitable[None]] | None = None,
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
        self._full = self._refusal()
        observed = Observed()
        frames = self._intake.judge(model, arrivals, observed, now_us=self._around.clock_us())
        task = asyncio.create_task(self._take(frames, observed, self._stores, between))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

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
        found, asked = self._model(model), self.definition.window(window)
        self._check_slice(slice_)
        return await self._reporter.report(Asked(found, asked, slice_), max_age_s)

    async def compare(
        self, champion: str, challenger: str, window: str = "", slice_: str = ""
    ) -> MonitorComparison:
        """Return how two models differ on the images that both have.

        Raises:
            NotFoundError: A model or the slice has not been seen.
            FailedPreconditionError: The two are not among the monitor's comparisons.
        """
        for each in (champion, challenger):
            self._model(each)
        self._check_slice(slice_)
        return await self._reporter.compare(
            Compared(champion, challenger), self.definition.window(window), slice_
        )

    async def tallies(self, model: str = "", window: str = "") -> AsyncIterator[MonitorTally]:
        """Yield the tallies of a window: of each model, or one, all images and each slice."""
        models = [self._model(model)] if model else self.models
        asked = self.definition.window(window)
        for each in models:
            async for tally in self._reporter.tallies(each, asked, ("", *self.slices)):
                yield tally

    async def refresh(self, rest: Rest) -> None:
        """Bring exported reports of all images up to date; ``rest`` waits after each."""
        await self._reporter.refresh(rest)

    async def refresh_slices(self, rest: Rest, until: float) -> None:
        """Bring exported reports of slices up to date, one after the other."""
        await self._reporter.refresh_slices(rest, until)

    async def change_after(self, version: int) -> None:
        """Wait until the state is newer than ``version``."""
        while self.version <= version:
            await self._changed.wait()

    async def restore(self) -> int:
        """Bring the stores to what the journal says; return how many changes that took."""
        taken = 0
        async for changes in self._checkpoints.read(self._stores):
            self._slicing.restore(_slices_in(changes))
            await self._settle(changes)
            taken += len(changes)
        self._slicing.restore(self._stores.slices())
        self._hold()
        return taken

    async def keep(self) -> None:
        """Pack old buckets, and write a checkpoint, so that a restart has less to do."""
        await self._stores.age()
        await self._checkpoints.write(self._stores)

    async def expire(self) -> None:
        """Forget frames that are older than the retention, and count what they still waited for."""
        stores = self._stores
        before_us = stores.oldest_us()
        more = before_us > 0
        # A reset begins another life, whose frames may be older.
        while more and stores.is_current:
            with self._line.place() as place:
                gone = await self._around.journal.expire(self.key, before_us, limit=_EXPIRE_AT_ONCE)
                await place.turn()
                stores.forget(gone.joined)
                self.outcomes.count(EXPIRED_UNLABELLED, gone.unlabelled)
                self.outcomes.count(EXPIRED_UNPREDICTED, gone.unpredicted)
                self.outcomes.count(EXPIRED_JOINED, len(gone.joined))
                more = gone.more
            self._hold()

    async def reset(self) -> None:
        """Forget all images and models."""
        stores = self._stores
        self._begin()
        self._slicing.clear()
        stores.is_current = False
        with self._line.place() as place:
            await self._around.journal.reset(self.key)
            await place.turn()
        self._share.release()
        self._around.telemetry.forget(self.name)
        self.outcomes.expose()
        self._bump()

    async def delete(self) -> None:
        """Forget everything and take no more."""
        self.is_deleted = True
        self._stores.is_current = False
        with self._line.place() as place:
            await self._around.journal.delete(self.key)
            await place.turn()
        self._share.release()
        self._around.telemetry.forget(self.name)
        self._bump()

    async def settle(self) -> None:
        """Wait for the frames under way, failed ones too: their caller may have gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(
        self,
        frames: Sequence[CameFrame],
        observed: Observed,
        judged_by: Stores,
        between: Callable[[], Awaitable[None]] | None,
    ) -> Observed:
        done = 0
        try:
            while done < len(frames):
                if done and between is not None:
                    await between()
                part = frames[done : done + TAKE_AT_ONCE]
                done += len(part)
                # Each part has the place, and the stores, of its own call of the journal: between
                # two parts others are journalled, or the monitor is reset.
                with self._line.place() as place:
                    stores = self._stores
                    taken = await self._journalled(part)
                    self._note(part, taken, observed)
                    await self._settle(taken.changes, place, stores, taken.number)
                if stores is not judged_by and stores.is_current:
                    # A reset has forgotten the slices that these frames were judged to be in.
                    self._slicing.restore(_slices_in(taken.changes))
        finally:
            self._unreserve(frames[done:])
        examples = {
            (each.side, "refused"): each.image_id
            for each in observed.refused
            if each.image_id is not None
        }
        self._around.telemetry.observed(observed.outcomes, monitor=self.name, examples=examples)
        return observed

    async def _journalled(self, frames: Sequence[CameFrame]) -> Taken:
        around = self._around
        try:
            return await around.journal.take(
                self.key,
                frames,
                judge=self._judge,
                beside=self._beside,
                max_models=around.max_models,
            )
        finally:
            self._unreserve(frames)

    async def _settle(
        self,
        changes: Sequence[Change],
        place: Place | None = None,
        stores: Stores | None = None,
        number: int = 0,
    ) -> None:
        """Match what changed, wait for the turn, and bring the stores up to date."""
        into = self._stores if stores is None else stores
        steps = steps_of(changes, self.definition.comparisons)
        different = list({step.joined.key: step.joined for step in steps}.values())
        try:
            matched = await self._matcher.match(different) if different else None
            if place is not None:
                await place.turn()
            if into.is_current and changes:
                into.apply(changes, steps, different, matched)
        except BaseException:
            # What the journal holds and the stores lack is made up for by the next start.
            into.has_missed(number)
            _LOG.warning("monitor %s has taken frames that it could not count", self.name)
            self.outcomes.count(NOT_COUNTED, len(changes))
            self._bump()
            raise
        if into.is_current and changes:
            self._hold()
            self._bump()

    def _note(self, frames: Sequence[CameFrame], taken: Taken, observed: Observed) -> None:
        """Note what became of each frame."""
        for k, (frame, outcome) in enumerate(zip(frames, taken.outcomes, strict=True)):
            side = Side.PREDICTIONS if frame.model else Side.GROUND_TRUTH
            if outcome in (Outcome.CONFLICT, Outcome.REFUSED):
                observed.refuse(Refusal(side, frame.image_id, taken.errors[k]))
            else:
                observed.take(side, is_changed=outcome is Outcome.CHANGED)
            if outcome is not Outcome.CHANGED:
                self.outcomes.count(outcome.value, example=frame.image_id)

    def _judge(self, came: CameFrame, partner: HeldSide) -> None:
        check_pairs(came, partner, self.definition.settings)

    def _check_room(self, boxes: int, images: int) -> None:
        """Raise where more would pass a bound."""
        if self._full is not None:
            raise self._full
        if self.definition.tally is TallyKind.EXACT:
            # Of frames under way, until the journal says how many are held.
            self._share.take(boxes, images)
            self._reserved += np.array([boxes, images])

    def _unreserve(self, frames: Sequence[CameFrame]) -> None:
        """Give back the room of frames that are no longer under way."""
        if frames and self.definition.tally is TallyKind.EXACT:
            self._reserved -= np.array([sum(each.boxes for each in frames), len(frames)])
            self._hold()

    def _refusal(self) -> ResourceExhaustedError | None:
        """Return why no frame can be taken now: too many wait, or tallies or journal are full."""
        around = self._around
        if len(self._tasks) >= around.max_waiting:
            # Streams are bounded, but a stream that is cancelled leaves its messages under way.
            return ResourceExhaustedError(
                f"at most {around.max_waiting} messages of a monitor may be under way: try again"
                " later",
                field="max_waiting",
                value=around.max_waiting,
            )
        if self._stores.tally_bytes >= around.max_tally_bytes:
            self._stores.settle()
        for name, found, most in (
            ("max_tally_bytes", self._stores.tally_bytes, around.max_tally_bytes),
            ("max_journal_bytes", around.journal.file_bytes, around.max_journal_bytes),
        ):
            if found >= most:
                return ResourceExhaustedError(
                    f"{name} is {most}, and {found} are taken: reset or delete a monitor, or"
                    " raise the bound",
                    field=name,
                    value=most,
                )
        return None

    def _hold(self) -> None:
        """Say how much of what is bounded this monitor holds now."""
        if self.is_deleted:
            return
        if self.definition.tally is TallyKind.EXACT:
            counts = self._around.journal.counts(self.key)
            boxes, images = self._reserved.tolist()
            self._share.hold(counts.boxes + boxes, counts.sides + images)
        self._around.telemetry.tallies(
            self.name, self._stores.tally_bytes, self._around.max_tally_bytes
        )

    def _bump(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def _check_slice(self, name: str) -> None:
        if name and name not in self._slicing.names:
            keys = ", ".join(each.key for each in self.definition.slices)
            raise NotFoundError(
                f"monitor {self.name} has seen no slice {name[:200]!r}: "
                + (
                    f"it slices by {keys}, as {keys.split(', ')[0]}=VALUE"
                    if keys
                    else "it has none"
                ),
                field="slice",
                value=name,
            )

    def _model(self, name: str) -> str:
        if self.is_deleted:
            raise NotFoundError(
                f"monitor {self.name} was deleted", field="monitor", value=self.name
            )
        models = self.models
        if not name and not models:
            raise FailedPreconditionError(
                f"monitor {self.name} has seen no predictions yet", field="model"
            )
        if not name and len(models) > 1:
            raise InvalidInputError.at("model", "''", f"one of {', '.join(models)}")
        if name and name not in models:
            raise NotFoundError(
                f"monitor {self.name} has seen no model {name[:100]!r}", field="model", value=name
            )
        return name or models[0]


def _slices_in(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        for side in (change.predictions_after, change.truth_after):
            if side is not None:
                yield from side.slices
