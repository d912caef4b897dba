"""Predictions of one model by slice and bucket of time, labelled or not, in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.prediction_cell import PredictionCell
from boxgauge.engine.online.prediction_parts import (
    STATE,
    PredictionParts,
    StoreState,
    digest_of,
    key_of,
    place_of,
    unpack_cell,
)
from boxgauge.engine.online.prediction_tally import PredictionTally, bins_of, groups_of
from boxgauge.engine.online.ring import Bucket, BucketRing, Edges
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.online.store import ALL
from boxgauge.engine.online.waiting_predictions import (
    Lot,
    Place,
    WaitingLots,
    WaitingPredictions,
    by_place,
    lots_of,
    numbered,
)
from boxgauge.engine.online.windows import Ring, Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError, Predictions, ResourceExhaustedError

MAX_BYTES = 2**28


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSnapshot:
    """What a window and slice had at one moment; later changes leave it alone.

    Attributes:
        span: Event times.
        images: How many there are.
        cells: What was counted.
        lots: Those of ``waiting`` that belong to it.
        waiting: What was not counted yet.
    """

    span: Span
    images: int
    cells: tuple[PredictionCell, ...]
    lots: frozenset[int]
    waiting: tuple[WaitingPredictions, ...]


class PredictionStore:
    """Keeps counts of predictions for each slice and bucket.

    What a window has is the sum of its cells, and equals a `PredictionTally` of the same
    images. It takes at most ``max_bytes``: 3 to 6 bytes for each place of a cell at which
    anything was counted (reckoned as 6), some 550 for a cell itself, and what waits, at most
    131,072 detections. Joining buckets only ever frees memory. Which images are in it a store
    does not know: one that is added twice counts twice. One thread may call it, but for `tally`.

    Args:
        classes: What is predicted.
        settings: Of these the score threshold decides what is counted.
        ring: Which buckets there are.
        max_bytes: Most that the store may take.
    """

    def __init__(
        self,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        ring: Ring,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.classes, self.settings = check_classes(classes), settings
        self.bins = bins_of(self.classes, settings)
        self.max_bytes = max_bytes
        self._digest = digest_of(self.classes, settings)
        self.dropped_images = 0
        self._ring = BucketRing[PredictionCell](ring, lambda a, b: a.plus(b, self.bins))
        self._waiting = WaitingLots(self.bins)
        self._cell_bytes = 0
        self._touched: set[Place] = set()
        self._kept: set[str] = set()

    @property
    def tally_bytes(self) -> int:
        """Bytes that the store takes, and that counting what waits will add at most."""
        return self._cell_bytes + self._waiting.nbytes

    def add(self, predictions: Predictions, facts: ImageFacts) -> int:
        """Add images; all or, with an error, none.

        Returns:
            How many of them are older than all buckets, and so are not kept.

        Raises:
            InvalidInputError: A label is no class of the store, or facts are of other images.
            ResourceExhaustedError: The store would take more than its most bytes.
        """
        if not len(facts):
            return 0
        prepared, lots, left_out = self._prepare(predictions, facts)
        most = prepared.most_bytes(np.array([len(each) for each in lots], np.int64))
        if self.tally_bytes + most > self.max_bytes:
            self._count()
            self._refuse_beyond(self.tally_bytes + most)
        self._waiting.add(prepared, lots, most)
        if self._waiting.is_full:
            self._count()
        self.dropped_images += left_out
        return left_out

    def subtract(self, predictions: Predictions, facts: ImageFacts) -> int:
        """Take images away that were added; all or, with an error, none.

        Returns:
            How many of them are older than all buckets, and so are not there.

        Raises:
            InvalidInputError: There is not as much of it here.
        """
        if not len(facts):
            return 0
        self._count()
        prepared, lots, left_out = self._prepare(predictions, facts)
        numbers = dict[Lot, int]()
        prepared = replace(prepared, lots=numbered(lots, numbers))
        left = {}
        for place, taken in by_place(prepared, numbers, self.bins).items():
            cell = self._cell(place)
            rest = cell.minus(taken, self.bins) if cell is not None else None
            if rest is None:
                raise InvalidInputError.at(
                    "predictions", f"others of slice {place[0]!r}", "of what was added"
                )
            left[place] = rest
        for place, cell in left.items():
            self._put(place, cell)
        return left_out

    def advance(self, watermark_us: int) -> None:
        """Join or drop the buckets that a higher watermark makes old."""
        known = self._ring.watermark_us
        if known is not None and watermark_us <= known:
            return
        if self._ring.edges != Edges.of(self._ring.ring, watermark_us):
            self._count()
        rolled = self._ring.advance(watermark_us)
        self.dropped_images += sum(cell.images for _, cell in rolled.dropped)
        grown = set(rolled.grown)
        if rolled.gone:
            places = [(name, bucket) for name, bucket, _ in self._ring.items()]
            self._touched.update(each for each in places if each[1] in grown)
            self._cell_bytes = sum(each.nbytes for each in self._cells().values())

    def settle(self) -> None:
        """Count what waits, which takes less memory then."""
        self._count()

    def slices(self) -> tuple[str, ...]:
        """Return the slices that have images, ascending; the first one is that of all."""
        waiting = {name for name, _ in self._waiting.images}
        counted = {name for name, _, cell in self._ring.items() if cell.images}
        return tuple(sorted(waiting | counted))

    def span(self, window: Window, name: str = ALL) -> Span:
        """Return the event times of a window of a slice; from 0 to 0 before the first image."""
        edges = self._ring.edges
        if edges is None:
            return Span(0, 0)
        if not window.images:
            return edges.span(window, {})
        everything = Span(edges.days_us, edges.until_us)
        counts = Counter[Bucket](
            {bucket: cell.images for bucket, cell in self._ring.values(name, everything).items()}
        )
        for (other, bucket), images in self._waiting.images.items():
            if other == name:
                counts[bucket] += images
        return edges.span(window, counts)

    def images(self, window: Window, name: str = ALL) -> int:
        """Return how many images a window of a slice has."""
        return self.snapshot(window, name).images

    def snapshot(self, window: Window, name: str = ALL) -> PredictionSnapshot:
        """Return what a window and slice have now; takes microseconds, and changes nothing."""
        return self.within(self.span(window, name), name)

    def within(self, span: Span, name: str = ALL) -> PredictionSnapshot:
        """Return what a span of whole buckets and a slice have now, likewise."""
        counted = [(name, bucket) for bucket in self._ring.values(name, span)]
        waiting = [
            place
            for place in self._waiting.images
            if place[0] == name and span.from_us <= place[1].start_us < span.until_us
        ]
        return self._snapshot(span, dict.fromkeys((*counted, *waiting)))

    def tally(self, snapshot: PredictionSnapshot) -> PredictionTally:
        """Return the sum of a snapshot; safe in another thread."""
        tables = [table for cell in snapshot.cells for table in cell.tables]
        if snapshot.lots:
            waiting = WaitingPredictions.joined(snapshot.waiting).of_lots(snapshot.lots)
            counted = waiting.counted(self.bins).values()
            tables += [table for cell in counted for table in cell.tables]
        total = SparseCounts.total(tables, self.bins.places, self.bins.dtype)
        return PredictionTally.of(self.classes, self.settings, total)

    def changed(self) -> PredictionParts:
        """Return what has changed since this was last asked, and the whole of it at first."""
        self._count()
        cells = {key_of(*place): cell for place, cell in self._cells().items()}
        touched = {key_of(*place) for place in self._touched}
        gone = self._kept - cells.keys()
        self._kept, self._touched = set(cells), set()
        state = StoreState(self._ring.watermark_us, self.dropped_images)
        return PredictionParts(
            self.bins,
            self._digest,
            state,
            {key: cells[key] for key in touched if key in cells},
            frozenset(gone),
        )

    def restore(self, parts: Mapping[str, bytes]) -> None:
        """Take up the parts of a store of the same settings, all that were not gone.

        Raises:
            InvalidInputError: A part is not one, or is of other settings.
        """
        if STATE not in parts:
            raise InvalidInputError.at("parts", "none of the store's state", "all of a store")
        state = StoreState.unpack(parts[STATE])
        cells = {
            place_of(key): unpack_cell(data, self.bins, self._digest)
            for key, data in parts.items()
            if key != STATE
        }
        if state.watermark_us is not None:
            self._ring.advance(state.watermark_us)
        self.dropped_images = state.dropped_images
        for place, cell in cells.items():
            self._put(place, cell)
        self._touched, self._kept = set(), set(parts) - {STATE}

    def _prepare(
        self, predictions: Predictions, facts: ImageFacts
    ) -> tuple[WaitingPredictions, list[Lot], int]:
        """Return images, the lot of each, and how many are in no bucket."""
        if len(facts) != len(predictions):
            raise InvalidInputError.at("facts", len(facts), f"of {len(predictions)} images")
        of_box, of_image = self.bins.places_of(predictions, groups_of(facts.clusters))
        self.advance(int(facts.times_us.max()))
        edges = self._ring.edges
        assert edges is not None  # noqa: S101 - the store was advanced to these images
        lots, left_out = lots_of(facts, edges)
        numbers = np.zeros(len(lots), np.int64)
        return WaitingPredictions(predictions.counts, of_box, of_image, numbers), lots, left_out

    def _snapshot(self, span: Span, places: Iterable[Place]) -> PredictionSnapshot:
        chosen = tuple(places)
        cells = tuple(filter(None, map(self._cell, chosen)))
        images = sum(each.images for each in cells)
        images += sum(self._waiting.images[place] for place in chosen)
        lots = self._waiting.lots_in(chosen)
        return PredictionSnapshot(span, images, cells, lots, tuple(self._waiting.batches))

    def _count(self) -> None:
        """Count what waits."""
        for place, cell in self._waiting.take().items():
            known = self._cell(place)
            self._put(place, cell if known is None else known.plus(cell, self.bins))

    def _cell(self, place: Place) -> PredictionCell | None:
        return self._ring.get(*place)

    def _cells(self) -> dict[Place, PredictionCell]:
        return {(name, bucket): cell for name, bucket, cell in self._ring.items()}

    def _put(self, place: Place, cell: PredictionCell) -> None:
        known = self._cell(place)
        self._cell_bytes += cell.nbytes - (0 if known is None else known.nbytes)
        self._touched.add(place)
        self._ring.replace(*place, cell)

    def _refuse_beyond(self, found: int) -> None:
        if found > self.max_bytes:
            raise ResourceExhaustedError(
                f"tally_bytes must be at most {self.max_bytes}: these images would make it {found}",
                field="tally_bytes",
                value=found,
            )
