"""Every image with its time and slices, from which any window and slice follows exactly."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.exact_parts import PART_US, ExactParts, read_images
from boxgauge.engine.online.exact_windows import ExactSnapshot, exact_tally, window_columns
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.image_table import ImageRows, ImageTable, SliceNames
from boxgauge.engine.online.loss_graphs import LossGraphs
from boxgauge.engine.online.observed import Sources, observe
from boxgauge.engine.online.ring import Bucket, BucketRing, Edges, buckets_of
from boxgauge.engine.online.store import ALL, MAX_BYTES, kept, refuse_beyond
from boxgauge.engine.online.store_state import STORE, StoreState, read_state, store_mark
from boxgauge.engine.online.window_rows import WindowColumns
from boxgauge.engine.online.windows import Ring, Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.tally import ExactTally
from boxgauge.engine.tally_columns import TallyColumns
from boxgauge.frames import (
    AlreadyExistsError,
    FailedPreconditionError,
    ImageId,
    InvalidInputError,
)

_WANTED = "of what was added"


class ExactStore:
    """Keeps every evaluated detection, and of each image its time, slices and losses.

    Windows are those of a sketch store with the same ring: the same images, in whole buckets.
    A report over one equals that of an `ExactTally` of these images, in all bits.

    It takes at most ``max_bytes``: some 16 bytes a detection and 6 a ground truth, some 400 and
    its id for an image and 70 a loss, all of these up to an eighth more since columns grow
    ahead, and what was taken away and not yet forgotten, an eighth again.

    Args:
        engine: Holds the loss graphs.
        classes: What is evaluated, as for an `ExactTally`.
        settings: With which thresholds.
        ring: Which buckets windows are made of; images older than all of them are dropped.
        losses: Names of the losses to compute.
        max_bytes: Most that the store may take.

    Raises:
        InvalidInputError: There are too many classes or area ranges, or a loss is none that can
            be computed of matched pairs or scores.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        ring: Ring,
        losses: Sequence[str] = (),
        max_bytes: int = MAX_BYTES,
    ) -> None:
        # A tally has the same bounds.
        self.classes = ExactTally(classes, settings).classes
        self.settings = settings
        self.max_bytes = max_bytes
        self.dropped_images = 0
        self._losses = LossGraphs(engine, losses)
        self._class_ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self._table = ImageTable(len(self.classes), settings, len(losses))
        self._images = BucketRing[int](ring, lambda groups: [sum(each) for each in groups])
        self._sources = Sources()
        self._changed = set[int]()
        self._mark = store_mark("exact", self.classes, settings, ring, tuple(losses))

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._table

    @property
    def losses(self) -> tuple[str, ...]:
        """Names of the losses that are computed."""
        return self._losses.names

    @property
    def tally_bytes(self) -> int:
        """Bytes that the store takes."""
        return self._table.nbytes

    def add(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Add images; see `QualityStore`.

        Raises:
            AlreadyExistsError: An image is in the store already, or twice among these.
        """
        if not len(facts):
            return 0
        self.advance(int(facts.times_us.max()))
        images, facts, _, left_out = kept(images, facts, self._edges)
        self._refuse_known(images.matches.image_ids)
        sources = Sources(self._sources.names)
        rows = self._rows(images, facts, sources)
        refuse_beyond(self.max_bytes, self._table.nbytes_with(rows))
        self._sources = sources
        self._append(rows)
        self._changed.update((rows.times_us // PART_US).tolist())
        self.dropped_images += left_out
        return left_out

    def subtract(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Take images away; see `QualityStore`."""
        if self._images.edges is None:
            raise InvalidInputError.at("images", len(facts), f"{_WANTED}, which is nothing")
        images, facts, _, left_out = kept(images, facts, self._edges)
        matches = images.matches.evaluated(self.settings.max_detections[-1])
        columns = (facts.times_us.tolist(), facts.slices, matches.counts.tolist())
        for image_id, *known in zip(matches.image_ids, *columns, strict=True):
            if not self._table.has(image_id, *known):
                raise InvalidInputError.at("images", f"another image {image_id!r}", _WANTED)
        self.forget(matches.image_ids)
        return left_out

    def forget(self, image_ids: Iterable[ImageId]) -> int:
        """Take out the images that are there; returns how many that were."""
        found = 0
        for image_id in image_ids:
            removed = self._table.remove(image_id)
            if removed is not None:
                found += 1
                self._changed.add(removed[0] // PART_US)
                self._count(self._edges.bucket(removed[0]), removed[1], -1)
        self._table.tidy()
        return found

    def advance(self, watermark_us: int) -> None:
        """Drop the images that a higher watermark makes too old; see `QualityStore`."""
        before = self._images.edges
        self._images.advance(watermark_us)
        if before is not None and self._edges.days_us > before.days_us:
            self.dropped_images += self.forget(self._table.before(self._edges.days_us))

    def slices(self) -> tuple[str, ...]:
        """Return the slices that have images, ascending; the first one is that of all."""
        return tuple(sorted({name for name, _, count in self._images.items() if count}))

    def span(self, window: Window, name: str = ALL) -> Span:
        """Return the event times of a window of a slice; from 0 to 0 before the first image."""
        return self._images.span(window, name, int)

    def snapshot(self, window: Window, name: str = ALL) -> ExactSnapshot:
        """Return what there is now; a byte an image is copied."""
        span = self.span(window, name)
        return ExactSnapshot(span, name, self._table.snapshot(), self._sources.names)

    def rows(self, snapshot: ExactSnapshot) -> WindowColumns:
        """Return the images of a snapshot's window and slice; safe in another thread."""
        return window_columns(snapshot, self.losses)

    def tally(self, window: Window, name: str = ALL) -> ExactTally:
        """Return a tally of the images of a window and slice."""
        found = self.rows(self.snapshot(window, name))
        return exact_tally(self.classes, self.settings, found)

    def changed(self) -> ExactParts:
        """Return what has changed since this was last asked; see `QualityStore`."""
        parts = ExactParts(
            self._mark,
            self.classes,
            self.settings,
            StoreState(self._images.watermark_us, self.dropped_images, self._sources.names),
            self._table.snapshot(),
            tuple(sorted(self._changed)),
        )
        self._changed = set()
        return parts

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the parts of a store; see `QualityStore`."""
        if self._images.edges is not None:
            raise FailedPreconditionError("only a store without images takes up another's parts")
        if not parts:
            return
        state = read_state(parts, self._mark)
        sources = Sources(state.sources)
        losses = len(self._losses.names)
        stored = [
            read_images(each, self._mark, losses, sources)
            for key, each in parts.items()
            if key != STORE
        ]
        if state.watermark_us is None:
            return
        ids = [image_id for each in stored for image_id in each.image_ids]
        if len(set(ids)) != len(ids):
            raise InvalidInputError.at("parts", "an image in two of them", "all of a store")
        self.dropped_images, self._sources = state.dropped_images, sources
        self._images.advance(state.watermark_us)
        for each in stored:
            self._append(each)

    @property
    def _edges(self) -> Edges:
        assert self._images.edges is not None  # noqa: S101 - the store was advanced
        return self._images.edges

    def _rows(self, images: MatchedImages, facts: ImageFacts, sources: Sources) -> ImageRows:
        matches = images.matches
        outcomes = operating_outcomes(matches, self.settings)
        return ImageRows(
            matches.image_ids,
            TallyColumns.of(matches, self._class_ids, self.settings),
            matches.patterns.tolist(),
            observe(images, facts, outcomes, self._losses, self.settings, sources),
            facts.times_us,
            facts.slices,
        )

    def _append(self, rows: ImageRows) -> None:
        self._table.append(rows)
        buckets = buckets_of(self._edges, rows.times_us)
        for (bucket, names), images in Counter(zip(buckets, rows.slices, strict=True)).items():
            self._count(bucket, names, images)

    def _count(self, bucket: Bucket | None, slices: SliceNames, images: int) -> None:
        """Count images in their bucket, of all and of each slice; one that fell off has none."""
        if bucket is not None:
            for name in (ALL, *slices):
                self._images.put(name, bucket, images)

    def _refuse_known(self, image_ids: tuple[ImageId, ...]) -> None:
        seen = set[ImageId]()
        for image_id in image_ids:
            if image_id in self._table or image_id in seen:
                raise AlreadyExistsError(
                    f"image {image_id!r} is in the store already", field="image_id", value=image_id
                )
            seen.add(image_id)
