"""All stores of one monitor, kept in step with the journal."""

import asyncio
import sys
from collections.abc import Iterable, Sequence

from boxgauge.engine import MatchedImages
from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.ring import Edges
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import DAY_US, HOUR_US, Ring
from boxgauge.frames import ImageId
from boxgauge.server.journal.types import Change
from boxgauge.server.monitor.behind import Behind
from boxgauge.server.monitor.contents import AnyStore
from boxgauge.server.monitor.definition import Definition, TallyKind
from boxgauge.server.monitor.model_state import Images, ModelState
from boxgauge.server.monitor.steps import Joined, Step, facts_of, model_of, model_store, pair_store
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.observability.tracing import traced


def kept_ring(definition: Definition) -> Ring:
    """Return the buckets that a monitor's stores have.

    An exact monitor forgets images with their frames: its ring covers the retention, rounded
    up to whole days, so that all of its figures are about the same images.
    """
    ring = definition.ring
    if definition.tally is TallyKind.SKETCH:
        return ring
    rest_us = definition.retention_us - ring.hours * HOUR_US
    return Ring(ring.minutes, ring.hours, min(max(1, -(-rest_us // DAY_US)), ring.days))


class Stores:
    """The stores of one monitor's models, and of the models that it compares.

    Lives on the event loop. What is given out for a thread to read is a snapshot.

    Attributes:
        watermark_us: The highest event time that is reflected; 0: none yet.
        number: Of the last change that is reflected.
        is_current: The monitor was not reset since.
        is_ending: A reset or deletion is asked of the journal and may be refused: frames before it
            count here, and what else is asked of the journal from now on is not about these.
        missed: Of the first change that is not reflected though it should be; None: all are.
        unmatched: Images that could not be matched, while others could: nothing of them that came
            since is reflected.
        is_behind: More than those is not reflected.
        is_rebuilt: What is applied is what the frames that are held say, not what changed.
        models: What is kept of each model beside its labelled images.
        quality: Labelled images, by the keys of `steps`.
    """

    def __init__(self, definition: Definition, around: Surroundings) -> None:
        self.watermark_us = 0
        self.number = 0
        self.is_current = True
        self.is_ending = False
        self.missed: int | None = None
        self.unmatched: set[ImageId] = set()
        self.is_behind = False
        self.is_rebuilt = False
        self.models: dict[str, ModelState] = {}
        self.quality: dict[str, AnyStore] = {}
        self._definition = definition
        self._around = around
        self._ring = kept_ring(definition)
        self._behind = Behind(around.executor)

    @property
    def tally_bytes(self) -> int:
        """Bytes of all of it in memory."""
        labelled = sum(each.tally_bytes for each in self.quality.values())
        return labelled + sum(each.predicted.tally_bytes for each in self.models.values())

    def settle(self) -> None:
        """Count what waits to be counted, so that as little memory as can be is taken."""
        for store in self.quality.values():
            if isinstance(store, SketchStore):
                store.settle()
        for model in self.models.values():
            model.predicted.settle()

    def slices(self) -> set[str]:
        """Return the names of all slices that something is held of."""
        stores = (*self.quality.values(), *(each.predicted for each in self.models.values()))
        return {name for each in stores for name in each.slices() if name}

    def oldest_us(self) -> int:
        """Return the event time from which on frames are kept; 0: all are."""
        if not self.watermark_us:
            return 0
        oldest = self.watermark_us - self._definition.retention_us
        if self._definition.tally is TallyKind.EXACT:
            oldest = min(oldest, self._edges().days_us)
        return max(oldest, 0)

    def version(self, model: str) -> tuple[int, int]:
        """Return what is another one whenever a report of the model may say another thing."""
        return self.model(model).version, self._edges().until_us

    def model(self, name: str) -> ModelState:
        """Return the state of a model, advanced to now; a new one where there is none."""
        state = self.models.get(name)
        if state is None:
            state = ModelState(self._around.engine, self._definition, self._ring)
            self.models[name] = state
        if self.watermark_us:
            state.predicted.advance(self.watermark_us)
        return state

    def store(self, key: str) -> AnyStore:
        """Return the store of labelled images of a key, likewise."""
        store = self.quality.get(key)
        if store is None:
            store = self.quality[key] = self._new_store()
        if self.watermark_us:
            store.advance(self.watermark_us)
        return store

    @traced("apply")
    def apply(
        self,
        changes: Sequence[Change],
        steps: Sequence[Step],
        joined: Sequence[Joined],
        matched: MatchedImages | None,
    ) -> None:
        """Take in what changed.

        Args:
            changes: In journal order; at least one.
            steps: What they ask of stores.
            joined: Every content that a step names, once.
            matched: The same, matched; None where there is none.
        """
        times = [each.predictions_after.time_us for each in changes if each.predictions_after]
        self.watermark_us = max([self.watermark_us, *times])
        for name, (gone, came) in predictions_of(changes).items():
            self.model(name).exchange(gone, came, is_rebuilt=self.is_rebuilt)
        if matched is not None:
            self._exchange(steps, joined, matched)
        for name in {change.model for change in changes}:
            self.model(name).version += 1
        self.number = max(self.number, changes[-1].number)

    async def settle_trials(self) -> None:
        """Note in a thread how far estimates were off, where a trial has come to an end."""
        loop = asyncio.get_running_loop()
        for model in tuple(self.models.values()):
            for trial in model.tried():
                model.compare(await loop.run_in_executor(self._around.executor, trial.result))

    async def age(self) -> None:
        """Pack what has become old, in a thread: so it takes a fraction of the memory."""
        loop = asyncio.get_running_loop()
        for store in tuple(self.quality.values()):
            if isinstance(store, SketchStore):
                aging = store.aging()
                store.adopt(await loop.run_in_executor(self._around.executor, aging.packed))

    def has_missed(self, number: int, images: Iterable[ImageId] | None = None) -> None:
        """Note that a change is not reflected: no checkpoint goes past it, and reports say so.

        Args:
            number: Of the change.
            images: All that is missed is of these; None: it is not known of which.
        """
        self.missed = number if self.missed is None else min(number, self.missed)
        if images is None:
            self.is_behind = True
        else:
            self.unmatched.update(images)
        for model in self.models.values():
            model.version += 1

    def forget(self, images: Iterable[tuple[str, ImageId]]) -> None:
        """Forget images whose frames are gone; a sketch keeps its counts."""
        by_model: dict[str, list[ImageId]] = {}
        for name, image_id in images:
            by_model.setdefault(name, []).append(image_id)
        for name, ids in by_model.items():
            keys = [model_store(name)]
            for pair in self._definition.comparisons:
                if other := pair.other(name):
                    keys += [pair_store(pair, name), pair_store(pair, other)]
            for key in keys:
                store = self.store(key)
                if isinstance(store, ExactStore):
                    store.forget(ids)
            self.model(name).version += 1

    def _exchange(
        self, steps: Sequence[Step], joined: Sequence[Joined], matched: MatchedImages
    ) -> None:
        places = {each.key: k for k, each in enumerate(joined)}
        grouped: dict[tuple[str, int], list[Joined]] = {}
        for step in steps:
            grouped.setdefault((step.store, step.sign), []).append(step.joined)
        for (key, sign), chosen in grouped.items():
            store = self.store(key)
            rows = [places[each.key] for each in chosen]
            images = matched if rows == [*range(len(joined))] else matched.select(rows)
            facts = facts_of(chosen)
            (store.add if sign > 0 else store.subtract)(images, facts)
            if isinstance(store, SketchStore):
                for crowd in store.crowds():
                    self._behind.do(crowd.joined, store.adopt_joined)
            if name := model_of(key):
                self.model(name).learn(images, sign)

    def _edges(self) -> Edges:
        return Edges.of(self._ring, self.watermark_us)

    def _new_store(self) -> AnyStore:
        made, engine = self._definition, self._around.engine
        kind = ExactStore if made.tally is TallyKind.EXACT else SketchStore
        # What is applied was journalled: the monitor's bound is held before that.
        return kind(
            engine, made.classes, made.settings, self._ring, made.losses, max_bytes=sys.maxsize
        )


def predictions_of(changes: Sequence[Change]) -> dict[str, tuple[Images, Images]]:
    """Return, by model, the predictions that some changes take out and put in.

    What comes in and goes out again among these changes is neither.
    """
    net: dict[str, dict[tuple[ImageId, int], int]] = {}
    sides = {}
    for change in changes:
        counts = net.setdefault(change.model, {})
        for sign, side in ((-1, change.predictions_before), (1, change.predictions_after)):
            if side is not None:
                key = change.image_id, side.number
                counts[key] = counts.get(key, 0) + sign
                sides[key] = side
    return {
        name: (
            [(key[0], sides[key]) for key, count in counts.items() if count < 0],
            [(key[0], sides[key]) for key, count in counts.items() if count > 0],
        )
        for name, counts in net.items()
    }
