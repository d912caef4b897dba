"""A sketch by slice and bucket of time, in memory that is bounded."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.online.aged import renamed
from boxgauge.engine.online.aging import AgedCells, Aging, Repacked
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.changes import Changes
from boxgauge.engine.online.encoding import Encoder, Names
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.joining import Crowd, Joined, Joining
from boxgauge.engine.online.numbered import NumberedCells, bytes_of
from boxgauge.engine.online.observed import Sources
from boxgauge.engine.online.prepared import Prepared, prepare
from boxgauge.engine.online.ring import Place
from boxgauge.engine.online.sketch_parts import SketchParts, read_cells
from boxgauge.engine.online.sketch_windows import StoreSnapshot, sketch_tally, window_rows
from boxgauge.engine.online.store import ALL, MAX_BYTES, refuse_beyond
from boxgauge.engine.online.store_state import StoreState, store_mark
from boxgauge.engine.online.waiting_list import WaitingList
from boxgauge.engine.online.window_rows import WindowRows
from boxgauge.engine.online.windows import Ring, Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch.tally import SketchTally
from boxgauge.frames import FailedPreconditionError, InvalidInputError, ResourceExhaustedError

_WANTED = "of what was added"


class SketchStore:
    """Keeps a sketch, exact sums and a few image ids for each slice and bucket.

    Any batching and order of additions gives the same rows and the same bytes; what a window
    has is the sum of its cells, and equals a `SketchTally` of the same images as long as no
    class has more than 65,536 rows. Which images are in it a store does not know: one that is
    added twice counts twice.

    It takes at most ``max_bytes``, which is refused before anything is changed. A class of a
    cell has at most 2,048 bins and 65,536 rows, one for each bin, maximum, pattern of outcomes
    and group that occurs, of 12 bytes; a cell some 3 kB besides, 0.2 kB a loss, and 200 bytes
    and its id for each of at most 48 worst images; a pattern 200 bytes. Buckets of hours and
    days are packed, to 1 to 3 bytes a row with all the rest, as often as `aging` and `adopt` are
    called; what corrections unpack takes at most 64 MiB until then. What waits to be counted,
    some 32,768 detections, is charged as if every row were a new one. While tables are joined,
    those of one cell are there twice. Joining and packing only ever free memory.

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
        self._changes = Changes()
        self._mark = store_mark("sketch", self.classes, settings, ring, tuple(losses))
        self._form = CellFormat(self._mark, len(classes), settings, len(losses))
        self._aging = Aging(self._cells, self._form, Cell.empty(len(losses)))
        self._joining = Joining(self._cells)

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
        numbers = set(waiting.cells.tolist())
        reopened = self._cells.closed(numbers - set(new.values()))
        more += len(reopened) * empty.nbytes
        if self.tally_bytes + more > self.max_bytes:
            self.settle()
            refuse_beyond(self.max_bytes, self.tally_bytes + more)
        self._encoder.names = names
        self._cells.create(new, empty)
        self._cells.count(dict.fromkeys(reopened, empty))
        self._waiting.add(waiting)
        for number in numbers:
            self._touch(self._cells.place(number))
        counted = self._waiting.step()
        self._cells.count(counted)
        self._joining.counted(counted)
        self.dropped_images += left_out
        return left_out

    def subtract(self, images: MatchedImages, facts: ImageFacts) -> int:
        """Take images away; see `QualityStore`. Bins stay as wide as they are."""
        if self._cells.edges is None:
            raise InvalidInputError.at("images", len(facts), f"{_WANTED}, which is nothing")
        waiting, _, new, left_out = self._prepare(images, facts)
        for missing, _ in new:
            raise InvalidInputError.at("images", f"others of slice {missing!r}", _WANTED)
        self._cells.count(self._waiting.take_of(frozenset(waiting.cells.tolist())))
        left = {}
        for number, taken in waiting.counted(len(self.classes)).items():
            held, sources = self._cells.get(number), self._encoder.names.sources.names
            cell = self._form.opened(held, sources).minus(taken)
            if cell is None:
                missing, _ = self._cells.place(number)
                raise InvalidInputError.at("images", f"others of slice {missing!r}", _WANTED)
            left[number] = cell.without(frozenset(waiting.batch.image_ids))
        for number, cell in left.items():
            place = self._cells.place(number)
            self._changes.touch(place)
            self._aging.corrected(place, cell, self._encoder.names, self._waiting.awaited)
        return left_out

    def advance(self, watermark_us: int) -> None:
        """Join or drop old buckets; see `QualityStore`."""
        moving = self._cells.moving(watermark_us)
        self._cells.count(self._waiting.take_of([each.number for each in moving]))
        places = self._cells.places(moving)
        rolled = self._cells.advance(watermark_us)
        dropped = (held.cell.images for name, held in rolled.dropped if name == ALL)
        self.dropped_images += sum(dropped)
        self._may_forget |= bool(rolled.dropped)
        for name, bucket in places:
            self._changes.forget((name, bucket))
            self._aging.forget((name, bucket))
            wider = self._cells.bucket(bucket.start_us)
            if wider is not None:
                self._touch((name, wider))

    def settle(self) -> None:
        """Count what waits, and join all tables, so that as little memory as can be is taken."""
        self._count()
        self._cells.tidy()

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
        return self.rows_of(snapshot)()

    def rows_of(self, snapshot: StoreSnapshot) -> Callable[[], WindowRows]:
        """Return what finds these rows without the store: another process may do that."""
        losses = self._encoder.losses.names
        return partial(window_rows, snapshot, self._form, self.classes, self.settings, losses)

    def tally(self, window: Window, name: str = ALL) -> SketchTally:
        """Return a tally of the images of a window and slice."""
        found = self.rows(self.snapshot(window, name))
        return sketch_tally(self.classes, self.settings, found)

    def changed(self) -> SketchParts:
        """Return what has changed since this was last asked; see `QualityStore`."""
        names = self._encoder.names
        watermark_us = self._cells.ring.watermark_us
        state = StoreState(watermark_us, self.dropped_images, names.sources.names)
        since = self._changes.take(state)
        return SketchParts(
            self._form,
            self._mark,
            state,
            tuple((place, *self._cells.at(place)) for place in since.changed),
            self._waiting.batches,
            tuple(names.patterns),
            since.gone,
            since.is_same,
        )

    def aging(self) -> AgedCells:
        """Return the old buckets that are to be packed; see `adopt`."""
        return self._aging.listed(self._encoder.names, self._waiting.awaited)

    def adopt(self, repacked: Sequence[Repacked]) -> None:
        """Take up what a thread has packed of `aging`, but for what has changed since."""
        self._aging.adopt(repacked)

    def crowds(self) -> list[Crowd]:
        """Return tables that a thread had better join before `add` has to; see `adopt_joined`."""
        return self._joining.listed()

    def adopt_joined(self, joined: Joined) -> None:
        """Take up what a thread has joined of `crowds`, but for what has changed since."""
        self._joining.adopt(joined)

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the parts of a store; see `QualityStore`."""
        if self._cells.edges is not None:
            raise FailedPreconditionError("only a store without images takes up another's parts")
        if not parts:
            return
        state, read, patterns = read_cells(parts, self._mark, self._form, self._cells.ring.ring)
        if state.watermark_us is None:
            return
        codes = self._encoder.adopt(patterns)
        sources = Sources(state.sources)
        self._encoder.names = Names(self._encoder.names.patterns, sources)
        self._changes.told(state)
        self.dropped_images = state.dropped_images
        self._cells.advance(state.watermark_us)
        numbers, new = self._cells.numbers([each.place for each in read])
        self._cells.create(new, Cell.empty(len(self._encoder.losses.names)))
        for each, number in zip(read, numbers, strict=True):
            counts = {sources.code(name): count for name, count in each.sources}
            self._cells.put(number, renamed(each.held, codes, counts))

    def _prepare(self, images: MatchedImages, facts: ImageFacts) -> Prepared:
        return prepare(images, facts, self._cells, self._encoder)

    def _touch(self, place: Place) -> None:
        self._changes.touch(place)
        self._aging.touch(place)

    def _count(self) -> None:
        """Count what waits."""
        self._cells.count(self._waiting.take())

    def _forget_patterns(self) -> None:
        """Forget the patterns of outcomes that only dropped images had."""
        self._count()
        self._may_forget = False
        self._cells.rename(self._encoder.keep(self._cells.codes()))
