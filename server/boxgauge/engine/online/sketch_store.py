"""A sketch by slice and bucket of time, in memory that is bounded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.encoding import Encoder, Names
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.numbered import NumberedCells, Place, bytes_of
from boxgauge.engine.online.observed import Sources
from boxgauge.engine.online.sketch_parts import SketchParts, read_cells
from boxgauge.engine.online.sketch_windows import StoreSnapshot, window_rows
from boxgauge.engine.online.store import ALL, MAX_BYTES, kept, refuse_beyond
from boxgauge.engine.online.store_state import StoreState, store_mark
from boxgauge.engine.online.waiting import Waiting
from boxgauge.engine.online.waiting_list import WaitingList
from boxgauge.engine.online.window_rows import WindowRows
from boxgauge.engine.online.windows import Ring, Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.rows import summed
from boxgauge.engine.sketch.tally import SketchTally
from boxgauge.frames import FailedPreconditionError, InvalidInputError, ResourceExhaustedError

_WANTED = "of what was added"


class _Prepared(NamedTuple):
    """Images as they are to be counted, the cells that there are not yet, and who is left out."""

    waiting: Waiting
    names: Names
    new: dict[Place, int]
    left_out: int


class SketchStore:
    """Keeps a sketch, exact sums and a few image ids for each slice and bucket.

    Any batching and order of additions gives the same rows and the same bytes; what a window
    has is the sum of its cells, and equals a `SketchTally` of the same images as long as no
    class has more than 65,536 rows. Which images are in it a store does not know: one that is
    added twice counts twice.

    It takes at most ``max_bytes``, which is refused before anything is changed. A class of a
    cell has at most 2,048 bins and 65,536 rows, one for each bin, maximum, pattern of outcomes
    and group that occurs, of 12 bytes; a cell some 3 kB besides, 0.2 kB a loss, and 200 bytes
    and its id for each of at most 48 worst images; a pattern 200 bytes. What waits to be
    counted, at most 32,768 detections, is charged as if every row were a new one. While tables
    are joined, those of one cell are there twice. Joining buckets only ever frees memory.

    Args:
        engine: Holds the loss graphs.
        classes: What is evaluated; at most 32,768.
        settings: With which thresholds, as for a `SketchTally`.
        ring: Which buckets there are.
        losses: Names of the losses to compute.
        max_bytes: Most that the store may take.

    Raises:
        InvalidInputError: There are too many classes, area ranges or maxima, or a loss is none
            that can be computed of matched pairs or scores.
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
        self._encoder = Encoder(engine, classes, settings, losses)
        self.classes, self.settings = self._encoder.classes, settings
        self.max_bytes = max_bytes
        self.dropped_images = 0
        self._cells = NumberedCells(ring)
        self._waiting = WaitingList(len(classes))
        # Something was dropped since unused patterns were last looked for.
        self._may_forget = False
        self._changed = set[Place]()
        self._gone = set[Place]()
        self._mark = store_mark("sketch", self.classes, settings, ring, tuple(losses))
        self._form = CellFormat(self._mark, len(classes), settings, len(losses))

    @property
    def tally_bytes(self) -> int:
        """Bytes that the store takes, and that counting what waits will add at most."""
        return self._cells.nbytes + self._waiting.nbytes + self._encoder.names.nbytes

    def add(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Add images; see `QualityStore`."""
        if not len(facts):
            return 0
        self.advance(int(facts.times_us.max()))
        try:
            prepared = self._prepare(images, facts)
        except ResourceExhaustedError:
            if not self._may_forget:
                raise
            self._forget_patterns()
            prepared = self._prepare(images, facts)
        waiting, names, new, left_out = prepared
        empty = Cell.empty(len(self._encoder.losses.names))
        more = waiting.most_bytes(len(self.classes))
        more += sum(bytes_of(name, empty) for name, _ in new)
        more += names.nbytes - self._encoder.names.nbytes
        if self.tally_bytes + more > self.max_bytes:
            self.settle()
            refuse_beyond(self.max_bytes, self.tally_bytes + more)
        self._encoder.names = names
        self._cells.create(new, empty)
        self._waiting.add(waiting)
        self._changed.update(map(self._cells.place, waiting.cells.tolist()))
        if self._waiting.is_full:
            self._count()
        self.dropped_images += left_out
        return left_out

    def subtract(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Take images away; see `QualityStore`. Bins stay as wide as they are."""
        if self._cells.edges is None:
            raise InvalidInputError.at("images", len(facts), f"{_WANTED}, which is nothing")
        self._count()
        waiting, _, new, left_out = self._prepare(images, facts)
        for missing, _ in new:
            raise InvalidInputError.at("images", f"others of slice {missing!r}", _WANTED)
        left = {}
        for number, taken in waiting.counted(len(self.classes)).items():
            cell = self._cells.get(number).minus(taken)
            if cell is None:
                missing, _ = self._cells.place(number)
                raise InvalidInputError.at("images", f"others of slice {missing!r}", _WANTED)
            left[number] = cell.without(frozenset(waiting.batch.image_ids))
        for number, cell in left.items():
            self._cells.put(number, cell)
            self._changed.add(self._cells.place(number))
        return left_out

    def advance(self, watermark_us: int) -> None:
        """Join or drop old buckets; see `QualityStore`."""
        moving = self._cells.moving(watermark_us)
        if any(self._waiting.is_awaited(each.number) for each in moving):
            self._count()
        places = self._cells.places(moving)
        rolled = self._cells.advance(watermark_us)
        dropped = (held.cell.images for name, held in rolled.dropped if name == ALL)
        self.dropped_images += sum(dropped)
        self._may_forget |= bool(rolled.dropped)
        for name, bucket in places:
            self._changed.discard((name, bucket))
            self._gone.add((name, bucket))
            wider = self._cells.bucket(bucket.start_us)
            if wider is not None:
                self._changed.add((name, wider))

    def settle(self) -> None:
        """Count what waits, and join all tables, so that as little memory as can be is taken."""
        self._count()
        for number, cell in self._cells.all():
            if not cell.is_tidy:
                self._cells.put(number, Cell.joined([cell]))

    def slices(self) -> tuple[str, ...]:
        """Return the slices that have images, ascending; the first one is that of all."""
        items = self._cells.ring.items()
        return tuple(sorted({name for name, _, held in items if self._waiting.images_of(held)}))

    def span(self, window: Window, name: str = ALL) -> Span:
        """Return the event times of a window of a slice; from 0 to 0 before the first image."""
        return self._cells.ring.span(window, name, self._waiting.images_of)

    def snapshot(self, window: Window, name: str = ALL) -> StoreSnapshot:
        """Return what a window and slice have now; takes microseconds, and changes nothing."""
        span = self.span(window, name)
        held = self._cells.values(name, span)
        return StoreSnapshot(
            span,
            tuple(each.cell for each in held),
            frozenset(each.number for each in held),
            self._waiting.batches,
            tuple(self._encoder.names.patterns),
            self._encoder.names.sources.names,
        )

    def rows(self, snapshot: StoreSnapshot) -> WindowRows:
        """Return the sum of a snapshot's cells; safe in another thread."""
        return window_rows(snapshot, self.classes, self.settings, self._encoder.losses.names)

    def tally(self, window: Window, name: str = ALL) -> SketchTally:
        """Return a tally of the images of a window and slice."""
        return self.tally_of(self.snapshot(window, name))

    def tally_of(self, snapshot: StoreSnapshot) -> SketchTally:
        """Return a tally of a snapshot's images; safe in another thread."""
        found = self.rows(snapshot)
        rows = summed(found.rows.ids, found.rows.counts, found.rows.levels)
        return SketchTally.of(self.classes, self.settings, rows, found.patterns, found.totals)

    def changed(self) -> SketchParts:
        """Return what has changed since this was last asked; see `QualityStore`."""
        changed = [(place, *self._cells.at(place)) for place in sorted(self._changed)]
        names, watermark_us = self._encoder.names, self._cells.ring.watermark_us
        parts = SketchParts(
            self._form,
            self._mark,
            StoreState(watermark_us, self.dropped_images, names.sources.names),
            tuple(changed),
            self._waiting.batches,
            tuple(names.patterns),
            self._gone,
        )
        self._changed, self._gone = set(), set()
        return parts

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the parts of a store; see `QualityStore`."""
        if self._cells.edges is not None:
            raise FailedPreconditionError("only a store without images takes up another's parts")
        if not parts:
            return
        state, stored = read_cells(parts, self._mark, self._form, self._cells.ring.ring)
        if state.watermark_us is None:
            return
        codes = [self._encoder.adopt(each.patterns) for each in stored]
        sources = Sources(state.sources)
        self._encoder.names = Names(self._encoder.names.patterns, sources)
        self.dropped_images = state.dropped_images
        self._cells.advance(state.watermark_us)
        numbers, new = self._cells.numbers([each.place for each in stored])
        self._cells.create(new, Cell.empty(len(self._encoder.losses.names)))
        for each, number, renamed in zip(stored, numbers, codes, strict=True):
            counts = {sources.code(name): count for name, count in each.sources}
            self._cells.put(number, each.cell.renamed(renamed, counts))

    def _prepare(self, images: MatchedImages, facts: ImageFacts) -> _Prepared:
        """Return the images as they are to be counted; nothing is changed."""
        edges = self._cells.edges
        assert edges is not None  # noqa: S101 - the store was advanced to these images
        images, facts, buckets, left_out = kept(images, facts, edges)
        places = [
            (name, bucket)
            for bucket, names in zip(buckets, facts.slices, strict=True)
            for name in (ALL, *names)
        ]
        numbers, new = self._cells.numbers(places)
        times = np.array([1 + len(names) for names in facts.slices], np.int64)
        encoded, coded = self._encoder.encode(images, facts)
        waiting = Waiting(
            encoded,
            np.repeat(np.arange(len(facts)), times),
            np.array(numbers, np.int64),
        )
        return _Prepared(waiting, coded, new, left_out)

    def _count(self) -> None:
        """Count what waits."""
        for number, cell in self._waiting.take().items():
            self._cells.put(number, self._cells.get(number).plus(cell))

    def _forget_patterns(self) -> None:
        """Forget the patterns of outcomes that only dropped images had."""
        self._count()
        self._may_forget = False
        cells = [cell for _, cell in self._cells.all()]
        codes = self._encoder.keep([each.tallied for cell in cells for each in cell.rows])
        for number, cell in self._cells.all():
            self._cells.put(number, cell.renamed(codes, {}))
