"""Taking frames: each one judged against what is known, and the outcome written down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    ImageId,
    InvalidInputError,
    ResourceExhaustedError,
)
from boxgauge.server.journal.held import Held
from boxgauge.server.journal.index import RETRACTED, Entry, put_entries
from boxgauge.server.journal.log import Beside, changes_of, write_changes
from boxgauge.server.journal.sides import Found, Kept, insert_sides, look_up, supersede
from boxgauge.server.journal.space import TRUTH_ID, Space
from boxgauge.server.journal.spaces import add_model
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.types import (
    TRUTH,
    CameFrame,
    Change,
    HeldSide,
    Judge,
    Outcome,
    Taken,
)

MAX_FRAMES = 4096  # of one take: all that they join is in memory at once


@dataclass(frozen=True, slots=True)
class Asked:
    """What a take asks for beside its frames; see `Journal.take`."""

    judge: Judge | None
    beside: Beside
    max_models: int


def take(
    store: Store, monitor: int, frames: Sequence[CameFrame], asked: Asked
) -> tuple[Taken, Held]:
    """Judge the frames in order, keep what is new, and return what became of them.

    The second part is how much more is held now.

    Raises:
        InvalidInputError: There are more than `MAX_FRAMES`.
        NotFoundError: There is no such monitor.
        DataLossError: A row that had to be read is damaged.
    """
    if len(frames) > MAX_FRAMES:
        raise InvalidInputError.at("frames", len(frames), f"at most {MAX_FRAMES} of one take")
    space = store.space(monitor)
    images = list(dict.fromkeys(each.image_id for each in frames))
    known = look_up(store, space, images, _wanted(space, frames, asked.beside))
    taking = _Taking(store, space, asked, known)
    for position, came in enumerate(frames):
        taking.take(position, came)
    changes, held = taking.write()
    return Taken(taking.outcomes, taking.errors, changes, store.number), held


def _wanted(space: Space, frames: Sequence[CameFrame], beside: Beside) -> set[int] | None:
    """Return the models whose sides decide over these frames; None for all of them."""
    ids = space.models
    names = {each.model for each in frames}
    if any(ids.get(name) == TRUTH_ID for name in names):
        return None
    asked = names.union(*(beside.get(name, ()) for name in names))
    return {TRUTH_ID, *(ids[name] for name in asked if name in ids)}


class _Taking:
    """One take under way; sides are written at the end of it, each image's last state alone."""

    def __init__(self, store: Store, space: Space, asked: Asked, known: Found) -> None:
        self.outcomes: list[Outcome] = []
        self.errors: dict[int, BoxGaugeError] = {}
        self._store = store
        self._space = space
        self._asked = asked
        self._known = known
        self._before: dict[ImageId, dict[int, Kept]] = {}
        self._came: dict[int, CameFrame] = {}

    def take(self, position: int, came: CameFrame) -> None:
        """Judge one frame and remember it if it holds from now on."""
        known = self._known[came.image_id]
        model = self._space.models.get(came.model)
        old = None if model is None else known.get(model)
        outcome = Outcome.CHANGED
        if old is not None and came.revision <= old.revision:
            if came.revision < old.revision:
                outcome = Outcome.STALE
            elif came.digest == old.digest:
                outcome = Outcome.SAME
            else:
                outcome = Outcome.CONFLICT
                self.errors[position] = _conflict(came)
        else:
            try:
                self._hold(came, model, old)
            except BoxGaugeError as error:
                outcome = Outcome.REFUSED
                self.errors[position] = error
            else:
                if came.retracted and (old is None or old.side is None):
                    outcome = Outcome.RETRACTED_UNKNOWN
        self.outcomes.append(outcome)

    def _model(self, name: str) -> int:
        """Return the id that a new model gets, if there may be one more."""
        most = self._asked.max_models
        if len(self._space.models) - 1 >= most:
            raise ResourceExhaustedError(
                f"max_models is {most}: the monitor has that many already",
                field="max_models",
                value=most,
            )
        return add_model(self._store, self._space, name)

    def _hold(self, came: CameFrame, model: int | None, old: Kept | None) -> None:
        """Let the frame hold from now on, unless it is refused."""
        known = self._known[came.image_id]
        if self._asked.judge is not None and not came.retracted:
            for other, each in known.items():
                if each.side is not None and (other == TRUTH_ID) != (came.model == TRUTH):
                    self._asked.judge(came, each.side)
        if came.no_room is not None:
            raise came.no_room
        if model is None:
            model = self._model(came.model)
        truth = known.get(TRUTH_ID)
        self._before.setdefault(came.image_id, dict(known))
        if model != TRUTH_ID and truth is not None and truth.entry.until_us != truth.time_us:
            # Expiry had put it off for the sake of predictions that are replaced now.
            entry = replace(truth.entry, until_us=truth.time_us)
            known[TRUTH_ID] = replace(truth, entry=entry)
        time_us = came.time_us if old is None or came.is_time_given else old.time_us
        number = self._store.next_number()
        self._came[number] = came
        known[model] = Kept(
            Entry(
                number=number,
                until_us=time_us,
                boxes=RETRACTED if came.retracted else came.boxes,
                joined=old is not None and old.entry.joined,
            ),
            came.revision,
            came.digest,
            time_us,
            None if came.retracted else _side(came, number, time_us),
        )

    def write(self) -> tuple[list[Change], Held]:
        """Write down what holds now and return the changes and how much more is held."""
        changes: list[Change] = []
        entries: list[tuple[ImageId, int, Entry]] = []
        replaced: list[Entry] = []
        sides: list[tuple[int, Kept, CameFrame]] = []
        gone: list[int] = []
        held = Held()
        for image_id, before in self._before.items():
            after = self._known[image_id]
            for model, each in after.items():
                old = before.get(model)
                if each is old:
                    continue
                entries.append((image_id, model, each.entry))
                if old is not None:
                    replaced.append(old.entry)
                number = each.entry.number
                if old is not None and old.entry.number == number:
                    continue
                sides.append((model, each, self._came[number]))
                _count(held, self._space.name_of(model), old, each)
                if old is not None:
                    gone.append(old.entry.number)
            changes += changes_of(
                self._store, self._space, image_id, before, after, self._asked.beside
            )
        if sides:
            insert_sides(self._store, self._space, sides)
            put_entries(self._store, self._space, entries, replaced)
            supersede(self._store, self._space, gone, self._store.number)
            write_changes(self._store, self._space, changes)
            self._space.last = self._store.number
        return changes, held


def _side(came: CameFrame, number: int, time_us: int) -> HeldSide:
    return HeldSide(
        number=number,
        revision=came.revision,
        rows=came.rows,
        boxes=came.boxes,
        time_us=time_us,
        arrived_us=came.arrived_us,
        slices=came.slices,
        cluster=came.cluster,
        source=came.source,
    )


def _count(held: Held, model: str, old: Kept | None, new: Kept) -> None:
    was, side = None if old is None else old.side, new.side
    sides = (side is not None) - (was is not None)
    boxes = (0 if side is None else side.boxes) - (0 if was is None else was.boxes)
    held.add(model, sides, boxes)


def _conflict(came: CameFrame) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"revision {came.revision} of image {came.image_id!r} is known with another content:"
        " send a correction under a higher revision",
        field="revision",
        value=came.revision,
    )
