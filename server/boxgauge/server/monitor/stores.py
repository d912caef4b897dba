"""All stores of one monitor, kept in step with the journal."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence

from boxgauge.engine import MatchedImages
from boxgauge.engine.notes import Oddities
from boxgauge.engine.online.prediction_store import PredictionStore
from boxgauge.engine.online.ring import Edges
from boxgauge.engine.online.store import QualityStore
from boxgauge.engine.online.windows import DAY_US, HOUR_US, Ring
from boxgauge.frames import ImageId
from boxgauge.server.journal.types import Change
from boxgauge.server.monitor.definition import Definition, TallyKind
from boxgauge.server.monitor.reference import Reference
from boxgauge.server.monitor.steps import (
    Joined,
    Step,
    model_store,
    pair_store,
)
from boxgauge.server.monitor.surroundings import Surroundings

_LOG = logging.getLogger(__name__)


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
    """

    def __init__(self, definition: Definition, around: Surroundings) -> None:
        self.watermark_us = 0
        self.number = 0
        self.is_current = True
        self._definition = definition
        self._around = around
        self._ring = kept_ring(definition)
        self._quality: dict[str, QualityStore] = {}
        self._predicted: dict[str, PredictionStore] = {}
        self._references: dict[str, Reference] = {}
        self._oddities: dict[str, Oddities] = {}
        self._versions: Counter[str] = Counter()
        self._missed: int | None = None
        self._unsaved: dict[str, dict[str, bytes | None]] = {}

    @property
    def tally_bytes(self) -> int:
        """Bytes of all of it in memory."""
        stores = (*self._quality.values(), *self._predicted.values())
        return sum(each.tally_bytes for each in stores)

    def slices(self) -> set[str]:
        """Return the names of all slices that something is held of."""
        stores = (*self._quality.values(), *self._predicted.values())
        return {name for each in stores for name in each.slices() if name}

    def edges(self) -> Edges:
        """Return where buckets lie now."""
        return Edges.of(self._ring, self.watermark_us)

    def oldest_us(self) -> int:
        """Return the event time from which on frames are kept; 0: all are."""
        if not self.watermark_us:
            return 0
        oldest = self.watermark_us - self._definition.retention_us
        if self._definition.tally is TallyKind.EXACT:
            oldest = min(oldest, self.edges().days_us)
        return max(oldest, 0)

    def version(self, model: str) -> tuple[int, int]:
        """Return what is another one whenever a report of the model may say another thing."""
        return self._versions[model], self.edges().until_us

    def quality(self, key: str) -> QualityStore:
        """Return the store of a key of `steps`, advanced to now; a new one where there is none."""
        store = self._quality.get(key)
        if store is None:
            store = self._quality[key] = self._new_quality()
        store.advance(self.watermark_us)
        return store

    def predicted(self, model: str) -> PredictionStore:
        """Return the store of a model's predictions, likewise."""
        store = self._predicted.get(model)
        if store is None:
            made = self._definition
            store = PredictionStore(made.classes, made.settings, self._ring)
            self._predicted[model] = store
        store.advance(self.watermark_us)
        return store

    def reference(self, model: str) -> Reference:
        """Return what the drift of a model is measured against."""
        known = self._references.get(model)
        if known is None:
            made = self._definition
            known = Reference(made.classes, made.settings, made.drift)
            self._references[model] = known
        return known

    def oddities(self, model: str) -> Oddities:
        """Return the ground truths of the model's images that pycocotools takes otherwise."""
        return self._oddities.get(model, Oddities())

    def apply(
        self,
        changes: Sequence[Change],
        steps: Sequence[Step],
        joined: Sequence[Joined],
        matched: MatchedImages | None,
    ) -> None:
        """Take in what changed.

        Args:
            changes: In journal order.
            steps: What they ask of stores.
            joined: Every content that a step names, once.
            matched: The same, matched; None where there is none.
        """
        times = [each.predictions_after.time_us for each in changes if each.predictions_after]
        self.watermark_us = max(self.watermark_us, *times) if times else self.watermark_us
        for model, (gone, came) in _predictions_of(changes).items():
            self._exchange_predictions(model, gone, came)
        if matched is not None:
            self._exchange_images(steps, joined, matched)
        self._versions.update({change.model for change in changes})
        self.number = max(self.number, changes[-1].number)

    def has_missed(self, number: int) -> None:
        """Note that a change is not reflected; no checkpoint goes past it."""
        self._missed = number if self._missed is None else min(number, self._missed)

    def forget(self, images: Iterable[tuple[str, ImageId]]) -> None:
        """Forget images whose frames are gone; a sketch has nothing to forget."""
        if self._definition.tally is TallyKind.SKETCH:
            return
        by_model: dict[str, list[ImageId]] = {}
        for model, image_id in images:
            by_model.setdefault(model, []).append(image_id)
        for model, ids in by_model.items():
            self.quality(model_store(model)).forget(ids)
            for pair in self._definition.comparisons:
                if other := pair.other(model):
                    for each in (model, other):
                        self.quality(pair_store(pair, each)).forget(ids)
            self._versions[model] += 1

    async def checkpoint(self, key: int) -> None:
        """Write what changed since the last one, as one transaction."""
        if self._missed is not None or not self.is_current or not self.number:
            return
        number = self.number
        if self._definition.tally is TallyKind.SKETCH:
            for store, part in self._changed():
                self._unsaved.setdefault(store, {}).update(part)
        parts, self._unsaved = self._unsaved, {}
        try:
            await self._around.journal.checkpoint(key, parts, number)
        except BaseException:
            for store, part in parts.items():
                self._unsaved[store] = part | self._unsaved.get(store, {})
            raise

    async def restore(self, key: int) -> AsyncIterator[list[Change]]:
        """Take in the last checkpoint and yield the changes that have to follow it."""
        journal = self._around.journal
        if self._definition.tally is TallyKind.EXACT:
            async for changes in journal.current(key):
                yield changes
            return
        parts, self.number = await journal.parts(key)
        for store, held in parts.items():
            kind, _, name = store.partition(":")
            self._restore_part(kind, name, held)
        async for changes in journal.changes_after(key, self.number):
            yield changes

    def outlook(self, model: str, window: Window, name: str) -> Outlook:
        """Return what is needed to say what a window's predictions let one expect."""
        store, whole = self.predicted(model), not name
        snapshot = store.snapshot(window, name)
        reference, estimator = self.reference(model), self.estimator(model)
        return Outlook(
            engine=self._around.engine,
            current=lambda: store.tally(snapshot),
            span=snapshot.span,
            reference=reference.snapshot() if whole else None,
            reference_span=reference.span,
            level=self._definition.drift.level,
            estimate=estimator.snapshot().estimate if whole else None,
        )

    def estimator(self, model: str) -> Estimator:
        """Return what has learned from the model's labelled images."""
        known = self._estimators.get(model)
        if known is None:
            made = self._definition
            known = Estimator(self._around.engine, made.classes, made.settings)
            self._estimators[model] = known
        return known

    def _new_quality(self) -> AnyStore:
        made = self._definition
        if made.tally is TallyKind.EXACT:
            return ExactStore(
                self._around.engine, made.classes, made.settings, self._ring, made.losses
            )
        return SketchStore(
            self._around.engine,
            made.classes,
            made.settings,
            self._ring,
            made.losses,
            max_bytes=self._around.max_tally_bytes,
        )

    def _exchange_predictions(self, model: str, gone: Images, came: Images) -> None:
        store = self.predicted(model)
        for images, change in ((gone, store.subtract), (came, store.add)):
            if images:
                ids = tuple(image_id for image_id, _ in images)
                frames = unpack_predictions(ids, [side.rows for _, side in images])
                change(frames, prediction_facts(images))
        self.reference(model).exchange(gone, came)

    def _exchange_images(
        self, steps: Sequence[Step], joined: Sequence[Joined], matched: MatchedImages
    ) -> None:
        places = {each.key: k for k, each in enumerate(joined)}
        grouped: dict[tuple[str, int], list[int]] = {}
        for step in steps:
            grouped.setdefault((step.store, step.sign), []).append(places[step.joined.key])
        for (key, sign), chosen in grouped.items():
            store = self.quality(key)
            whole = len(chosen) == len(joined) and chosen == [*range(len(joined))]
            images = matched if whole else matched.select(chosen)
            facts = facts_of([joined[k] for k in chosen])
            (store.add if sign > 0 else store.subtract)(images, facts)
            if model := model_of(key):
                estimator = self.estimator(model)
                (estimator.add if sign > 0 else estimator.subtract)(images)
                found = Oddities.of(images.ground_truths)
                self._oddities[model] = self.oddities(model).plus(found, sign)

    def _changed(self) -> list[tuple[str, dict[str, bytes | None]]]:
        """Return the parts that changed since this was last asked, by store."""
        found: list[tuple[str, dict[str, bytes | None]]] = []
        for key, store in self._quality.items():
            found.append((f"{QUALITY}:{key}", store.changed().packed()))
        for model, predicted in self._predicted.items():
            found.append((f"{PREDICTED}:{model}", predicted.changed()))
        for model, reference in self._references.items():
            found.append((f"{REFERENCE}:{model}", reference.changed()))
        return found
