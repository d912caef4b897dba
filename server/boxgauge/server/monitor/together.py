"""Frames that wait at the same time are journalled, matched and counted at once."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field

from boxgauge.frames import BoxGaugeError, ImageId, ResourceExhaustedError, UnavailableError
from boxgauge.server.journal.types import CameFrame, Change, Outcome, Taken
from boxgauge.server.monitor.counting import Counting, not_matched
from boxgauge.server.monitor.definition import LABEL_SOURCE
from boxgauge.server.monitor.line import Place
from boxgauge.server.monitor.pairs import PairBounds
from boxgauge.server.monitor.recovery import Recovery
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.steps import beside
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.observability import calls

TAKE_AT_ONCE = 512  # frames of one part of a message: all that they join is in memory at once
# Frames of several parts together: what a frame costs hardly falls from there on, and the event
# loop is not kept for more than some milliseconds.
_TOGETHER = 256
# Groups at a time: one is journalled, one matched, one counted. What comes meanwhile gathers.
_GROUPS = 3
_HELD = (Outcome.CHANGED, Outcome.SAME)


@dataclass(frozen=True, slots=True)
class PartTaken:
    """What became of a part's frames; see `Taken`."""

    outcomes: Sequence[Outcome]
    errors: Mapping[int, BoxGaugeError]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Frames of one message, the life of the slices that they were judged in, and who waits."""

    frames: Sequence[CameFrame]
    life: int
    done: "asyncio.Future[PartTaken]"
    context: Context = field(default_factory=copy_context)

    def answer(self, taken: Taken, first: int, missing: Mapping[ImageId, Exception]) -> None:
        """Say what became of the frames, of which ``taken`` has the first one at a place."""
        fault = next(
            (missing[each.image_id] for each in self.frames if each.image_id in missing), None
        )
        if fault is not None:
            self.fail(fault)
        elif not self.done.done():
            end = first + len(self.frames)
            errors = {at - first: each for at, each in taken.errors.items() if first <= at < end}
            self.done.set_result(PartTaken(taken.outcomes[first:end], errors))

    def fail(self, error: Exception) -> None:
        """Say that it failed."""
        if not self.done.done():
            self.done.set_exception(error)


class Together:
    """Takes parts of messages, in the order in which they came.

    Nothing is delayed on purpose: a part that finds nothing under way goes at once and alone.

    Args:
        state: Of the monitor.
        room: Of the monitor.
        counting: Of the monitor.
        recovery: Of the monitor: while it is at it, parts wait, or are refused.
        around: What all monitors share.
    """

    def __init__(
        self,
        state: MonitorState,
        room: Room,
        counting: Counting,
        recovery: Recovery,
        around: Surroundings,
    ) -> None:
        self._state = state
        self._recovery = recovery
        self._room = room
        self._counting = counting
        self._around = around
        self._beside = beside(state.definition.comparisons)
        self._bounds = PairBounds(state.definition.settings)
        self._waiting: deque[_Part] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def take(self, frames: Sequence[CameFrame], life: int) -> PartTaken:
        """Return what became of frames once they are on disk and counted.

        Args:
            frames: Of one message, at most `TAKE_AT_ONCE`; room is reserved for them, and given
                back however it goes.
            life: Of the slices, when they were judged.

        Raises:
            NotFoundError: The monitor was deleted.
            UnavailableError: They could not be written.
            DataLossError: A row that had to be read is damaged.
        """
        done: asyncio.Future[PartTaken] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Part(frames, life, done))
        self._begin()
        return await done

    def _begin(self) -> None:
        while self._waiting and len(self._under_way) < _GROUPS:
            task = self._started(self._next())
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._begin()

    def _next(self) -> list[_Part]:
        """Take what waits, up to the bound; a larger part goes alone."""
        group = [self._waiting.popleft()]
        frames = len(group[0].frames)
        while self._waiting and frames + len(self._waiting[0].frames) <= _TOGETHER:
            frames += len(self._waiting[0].frames)
            group.append(self._waiting.popleft())
        return group

    def _started(self, group: Sequence[_Part]) -> "asyncio.Task[None]":
        if len(group) == 1:
            return asyncio.create_task(self._answer(group), context=group[0].context)
        return asyncio.create_task(self._shared(group), context=Context())

    async def _shared(self, group: Sequence[_Part]) -> None:
        """Do for several callers what is then logged as no one's, of this monitor."""
        calls.share([part.context for part in group])
        calls.at_monitor(self._state.name)
        await self._answer(group)

    async def _answer(self, group: Sequence[_Part]) -> None:
        """Take a group and tell each part's caller, who may have gone."""
        state, frames = self._state, [each for part in group for each in part.frames]
        try:
            await self._recovery.passed()
        except UnavailableError as error:
            self._refuse(group, frames, error)
            return
        is_apart = is_behind = False
        # A group has the place, and the stores, of its call of the journal: between two of them
        # the monitor may be reset.
        with state.line.place() as place:
            try:
                taken, stores = await self._journalled(frames)
            except Exception as error:  # noqa: BLE001 (told to who waits)
                # What is wrong with the file is wrong for all; what is wrong with one part must
                # not be its neighbours' fault.
                of_all = isinstance(error, UnavailableError | ResourceExhaustedError)
                is_apart = len(group) > 1 and not of_all
                if not is_apart:
                    self._refuse(group, frames, error)
            else:
                self._room.give_back(frames)
                self._sort_slices(group, taken.outcomes)
                is_behind = not await self._counted(group, taken, stores, place)
        if is_apart:
            for part in group:
                await self._answer([part])
        if is_behind:
            await self._made_up_for(group, taken)

    def _refuse(
        self, group: Sequence[_Part], frames: Sequence[CameFrame], error: Exception
    ) -> None:
        self._room.give_back(frames)
        self._sort_slices(group, None)
        for part in group:
            part.fail(error)

    def _sort_slices(self, group: Sequence[_Part], outcomes: Sequence[Outcome] | None) -> None:
        """Keep the slices of frames that are held; of others none is known but by these."""
        slicing, first = self._state.slicing, 0
        if slicing.is_sure:
            return
        for part in group:
            # A reset has forgotten what was judged before it.
            if part.life == slicing.life:
                for k, frame in enumerate(part.frames, first):
                    is_held = outcomes is not None and outcomes[k] in _HELD
                    (slicing.keep if is_held else slicing.withdraw)(frame.slices)
            first += len(part.frames)

    async def _made_up_for(self, group: Sequence[_Part], taken: Taken) -> None:
        """Tell the callers once what was journalled is counted: acknowledged is counted."""
        try:
            await self._recovery.passed()
        except UnavailableError as error:
            for part in group:
                part.fail(error)
        else:
            name, unmatched = self._state.name, self._state.stores.unmatched
            out = {each.image_id for each in taken.changes if each.image_id in unmatched}
            self._tell(group, taken, {each: not_matched(name, each) for each in out})

    async def _journalled(self, frames: Sequence[CameFrame]) -> tuple[Taken, Stores]:
        """Have frames taken; return what became of them, and the stores that they count in."""
        around = self._around
        stores = self._state.stores

        def settled() -> None:
            # Of the moment that the journal's order gives it: a reset may be in the same commit.
            nonlocal stores
            stores = self._state.stores

        taken = await around.journal.take(
            self._state.key,
            frames,
            judge=self._bounds.check,
            beside=self._beside,
            max_models=around.max_models,
            settled=settled,
        )
        return taken, stores

    async def _counted(
        self, group: Sequence[_Part], taken: Taken, stores: Stores, place: Place
    ) -> bool:
        """Count what was taken and tell the callers; False: it is counted later."""
        try:
            missing = await self._counting.count(taken.changes, stores, taken.number, place)
        except Exception as error:  # noqa: BLE001 (told to who waits)
            for part in group:
                part.fail(error)
            return True
        if missing is None:
            return False
        slicing = self._state.slicing
        is_other = any(part.life != slicing.life for part in group)
        # A reset has forgotten the slices that these frames were judged to be in, and a start does
        # not know those of labels to which no predictions had come.
        if stores.is_current and (is_other or LABEL_SOURCE in slicing.keys):
            slicing.restore(slices_in(taken.changes))
        self._tell(group, taken, missing)
        return True

    def _tell(
        self, group: Sequence[_Part], taken: Taken, missing: Mapping[ImageId, Exception]
    ) -> None:
        first = 0
        for part in group:
            part.answer(taken, first, missing)
            first += len(part.frames)


def slices_in(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the slices that changed sides are in."""
    for change in changes:
        for side in (change.predictions_after, change.truth_after):
            if side is not None:
                yield from side.slices
