"""Takes frames in: judged, journalled, matched, and counted in journal order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from boxgauge.server.journal.types import CameFrame, Change, Outcome
from boxgauge.server.monitor.counting import Counting
from boxgauge.server.monitor.intake import Intake, Observed
from boxgauge.server.monitor.matcher import Matcher
from boxgauge.server.monitor.recovery import Recovery
from boxgauge.server.monitor.room import Room
from boxgauge.server.monitor.sides import Arrivals, Refusal, Side
from boxgauge.server.monitor.state import MonitorState
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.monitor.together import TAKE_AT_ONCE, PartTaken, Together, slices_in

Between = Callable[[], Awaitable[None]]


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
        self._around = around
        self._intake = Intake(
            state.definition,
            state.slicing,
            room.take,
            state.outcomes,
            lambda: state.stores.watermark_us,
        )
        matcher = Matcher(
            around.engine,
            state.definition.settings,
            around.executor,
            max_waiting=around.max_waiting,
            workings=around.telemetry.workings,
        )
        self._counting = Counting(state, room, matcher, recovery)
        self._together = Together(state, room, self._counting, recovery, around)
        self._tasks: set[asyncio.Task[Observed]] = set()

    def observe(
        self, model: str, arrivals: Arrivals, between: Between | None = None
    ) -> asyncio.Task[Observed]:
        """Judge the frames at once; return what became of them once they are reported on.

        Args:
            model: Whose predictions they are.
            arrivals: The frames.
            between: Awaited between two parts of `TAKE_AT_ONCE` frames.

        Raises:
            InvalidInputError: There are predictions and the model's name is malformed.
        """
        self._room.look(len(self._tasks))
        observed = Observed()
        frames = self._intake.judge(model, arrivals, observed, now_us=self._around.clock_us())
        life = self._state.slicing.life
        task = asyncio.create_task(self._take(frames, observed, life, between))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def restore(self, changes: Sequence[Change], into: Stores) -> None:
        """Count what the journal holds and these stores lack."""
        self._state.slicing.restore(slices_in(changes))
        await self._counting.restore(changes, into)

    async def settle(self) -> None:
        """Wait for the frames under way, failed ones too: their caller may have gone."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(
        self,
        frames: Sequence[CameFrame],
        observed: Observed,
        life: int,
        between: Between | None,
    ) -> Observed:
        state, done = self._state, 0
        try:
            while done < len(frames):
                if done and between is not None:
                    await between()
                part = frames[done : done + TAKE_AT_ONCE]
                done += len(part)
                self._note(part, await self._together.take(part, life), observed)
        finally:
            self._room.give_back(frames[done:])
            if life == state.slicing.life:
                for frame in frames[done:]:
                    state.slicing.withdraw(frame.slices)
        examples = {
            (each.side, "refused"): each.image_id
            for each in observed.refused
            if each.image_id is not None
        }
        self._around.telemetry.observed(observed.outcomes, monitor=state.name, examples=examples)
        return observed

    def _note(self, frames: Sequence[CameFrame], taken: PartTaken, observed: Observed) -> None:
        """Note what became of each frame."""
        if all(outcome is Outcome.CHANGED for outcome in taken.outcomes):
            predicted = sum(1 for frame in frames if frame.model)
            observed.take(Side.PREDICTIONS, predicted)
            observed.take(Side.GROUND_TRUTH, len(frames) - predicted)
            return
        for k, (frame, outcome) in enumerate(zip(frames, taken.outcomes, strict=True)):
            side = Side.PREDICTIONS if frame.model else Side.GROUND_TRUTH
            if outcome in (Outcome.CONFLICT, Outcome.REFUSED):
                observed.refuse(Refusal(side, frame.image_id, taken.errors[k]))
            else:
                observed.take(side, is_changed=outcome is Outcome.CHANGED)
            if outcome is not Outcome.CHANGED:
                self._state.outcomes.count(outcome.value, example=frame.image_id)
