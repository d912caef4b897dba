"""Takes frames in: judged, journalled, matched, and counted in journal order."""

import asyncio
import logging
from collections.abc import Iterator, Sequence

from boxgauge.engine import MatchedImages
from boxgauge.frames import UnavailableError
from boxgauge.server.journal.types import CameFrame, Change, HeldSide, Outcome, Taken
from boxgauge.server.monitor.intake import Intake, Observed
from boxgauge.server.monitor.line import Place
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.outcomes import NOT_COUNTED
from boxgauge.server.monitor.pairs import check_pairs
from boxgauge.server.monitor.recovery import Recovery
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.steps import Joined, Step, beside, steps_of
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)
_TAKE_AT_ONCE = 512  # frames of one transaction: all that they join is in memory at once
_RESTS_S = (0.05, 0.5)  # before matching is tried again; those behind wait in the line
Counted = tuple[Sequence[Change], list[Step], list[Joined], MatchedImages | None]


class Ingest:
    """What happens to the frames of one monitor.

    Args:
        state: Of the monitor.
        room: Of the monitor.
        recovery: Makes its stores anew where they lack what was journalled.
        around: What all monitors share.
    """

    def __init__(
        self, state: MonitorState, room: Room, recovery: Recovery, around: Surroundings
    ) -> None:
        self._state = state
        self._room = room
        self._recovery = recovery
        self._around = around
        self._intake = Intake(
            state.definition,
            state.slicing,
            room.take,
            state.outcomes,
            lambda: state.stores.watermark_us,
        )
        self._beside = beside(state.definition.comparisons)
        self._matcher = Matcher(
            around.engine,
            state.definition.settings,
            around.executor,
            max_waiting=around.max_waiting,
            workings=around.telemetry.workings,
        )
        self._tasks: set[asyncio.Task[Observed]] = set()

    def observe(self, model: str, arrivals: Arrivals) -> asyncio.Task[Observed]:
        """Judge the frames at once; return what became of them once they are reported on.

        Raises:
            InvalidInputError: There are predictions and the model's name is malformed.
        """
        self._room.look(len(self._tasks))
        observed = Observed()
        frames = self._intake.judge(model, arrivals, observed, now_us=self._around.clock_us())
        task = asyncio.create_task(self._take(frames, observed, self._state.stores))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def restore(self, changes: Sequence[Change], into: Stores) -> None:
        """Count what the journal holds and these stores lack; at least one change."""
        self._state.slicing.restore(_slices_in(changes))
        into.apply(*await self._matched(changes))

    async def settle(self) -> None:
        """Wait for the frames under way, failed ones too: their caller may have gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(
        self, frames: Sequence[CameFrame], observed: Observed, judged_by: Stores
    ) -> Observed:
        state, done = self._state, 0
        try:
            while done < len(frames):
                part = frames[done : done + _TAKE_AT_ONCE]
                done += len(part)
                await self._recovery.passed()
                # Each part has the place, and the stores, of its own call of the journal: between
                # two parts others are journalled, or the monitor is reset.
                with state.line.place() as place:
                    stores = state.stores
                    taken = await self._journalled(part)
                    self._note(part, taken, observed)
                    await self._settle(taken.changes, place, stores, taken.number)
                if stores.missed is not None and stores.is_current:
                    # Acknowledged is counted: what was journalled now is, once this returns.
                    await self._recovery.passed()
                if stores is not judged_by and stores.is_current:
                    # A reset has forgotten the slices that these frames were judged to be in.
                    state.slicing.restore(_slices_in(taken.changes))
        finally:
            self._room.give_back(frames[done:])
        examples = {
            (each.side, "refused"): each.image_id
            for each in observed.refused
            if each.image_id is not None
        }
        self._around.telemetry.observed(observed.outcomes, monitor=state.name, examples=examples)
        return observed

    async def _journalled(self, frames: Sequence[CameFrame]) -> Taken:
        around = self._around
        try:
            return await around.journal.take(
                self._state.key,
                frames,
                judge=self._judge,
                beside=self._beside,
                max_models=around.max_models,
            )
        finally:
            self._room.give_back(frames)

    async def _settle(
        self, changes: Sequence[Change], place: Place, stores: Stores, number: int
    ) -> None:
        """Match what changed, wait for the turn, and bring the stores up to date.

        Where that fails, the stores lack what the journal has, and are made anew from it.
        """
        state = self._state
        try:
            counted = await self._matched(changes)
            await place.turn()
            if not changes or not stores.is_current or stores.missed is not None:
                return  # what the journal has after a gap is counted once that is made up for
            stores.apply(*counted)
        except BaseException as error:
            stores.has_missed(number)
            is_stop = not isinstance(error, Exception) or isinstance(error, UnavailableError)
            _LOG.log(
                logging.WARNING if is_stop else logging.ERROR,
                "monitor %s has taken frames that it could not count",
                state.name,
                exc_info=None if is_stop else error,
            )
            state.outcomes.count(NOT_COUNTED, len(changes))
            state.bump()
            if is_stop:
                raise  # the service stops: the next start makes up for it
            if stores.is_current:
                self._recovery.begin()
        else:
            self._room.hold()
            state.bump()

    async def _matched(self, changes: Sequence[Change]) -> Counted:
        """Return what the stores have to count; a fault that passes is tried again."""
        steps = steps_of(changes, self._state.definition.comparisons)
        different = list({step.joined.key: step.joined for step in steps}.values())
        if not different:
            return changes, steps, different, None
        for rest_s in _RESTS_S:
            try:
                return changes, steps, different, await self._matcher.match(different)
            except UnavailableError:
                raise
            except Exception:  # noqa: BLE001 (the last attempt below says what it is)
                _LOG.warning("matching failed and is tried again in %s s", rest_s)
                await asyncio.sleep(rest_s)
        return changes, steps, different, await self._matcher.match(different)

    def _note(self, frames: Sequence[CameFrame], taken: Taken, observed: Observed) -> None:
        """Note what became of each frame."""
        for k, (frame, outcome) in enumerate(zip(frames, taken.outcomes, strict=True)):
            side = Side.PREDICTIONS if frame.model else Side.GROUND_TRUTH
            if outcome in (Outcome.CONFLICT, Outcome.REFUSED):
                observed.refuse(Refusal(side, frame.image_id, taken.errors[k]))
            else:
                observed.take(side, is_changed=outcome is Outcome.CHANGED)
            if outcome is not Outcome.CHANGED:
                self._state.outcomes.count(outcome.value, example=frame.image_id)

    def _judge(self, came: CameFrame, partner: HeldSide) -> None:
        check_pairs(came, partner, self._state.definition.settings)


def _slices_in(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        for side in (change.predictions_after, change.truth_after):
            if side is not None:
                yield from side.slices
