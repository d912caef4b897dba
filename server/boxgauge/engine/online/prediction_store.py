"""Predictions of one model by slice and bucket of time, labelled or not, in bounded memory."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.prediction_bins import Placed
from boxgauge.engine.online.prediction_parts import (
    STATE,
    PredictionParts,
    StoreState,
    digest_of,
    place_of,
    unpack_cell,
)
from boxgauge.engine.online.prediction_ring import PredictionRing
from boxgauge.engine.online.prediction_tally import PredictionTally, bins_of, groups_of
from boxgauge.engine.online.prediction_windows import PredictionSnapshot
from boxgauge.engine.online.ring import NO_SPAN, Bucket, Place
from boxgauge.engine.online.store import ALL, refuse_beyond
from boxgauge.engine.online.waiting_predictions import (
    Lot,
    WaitingLots,
    WaitingPredictions,
    by_place,
    lots_of,
    numbered,
)
from boxgauge.engine.online.windows import Ring, Span, Window
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError, Predictions

MAX_BYTES = 2**28


class PredictionStore:
    """Keeps counts of predictions for each slice and bucket.

    What a window has is the sum of its cells, and equals a `PredictionTally` of the same
    images. It takes at most ``max_bytes``: 3 to 6 bytes for each place of a cell at which
    anything was counted (reckoned as 6), some 550 for a cell itself, and what waits, at most
    32,768 detections. Joining buckets only ever frees memory. Which images are in it a store
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
        self._cells = PredictionRing(ring, self.bins)
        self._waiting = WaitingLots(self.bins)

    @property
    def tally_bytes(self) -> int:
        """Bytes that the store takes, and that counting what waits will add at most."""
        return self._cells.nbytes + self._waiting.nbytes

    def add(self, predictions: Predictions, facts: ImageFacts, placed: Placed | None = None) -> int:
        """Add images; all or, with an error, none.

        Args:
            predictions: Of the images.
            facts: Likewise.
            placed: The places of these in the store's bins, if they are known.

        Returns:
            How many of them are older than all buckets, and so are not kept.

        Raises:
            InvalidInputError: A label is no class of the store, or facts are of other images.
            ResourceExhaustedError: The store would take more than its most bytes.
        """
        if not len(facts):
            return 0
        prepared, lots, left_out = self._prepare(predictions, facts, placed)
        most = prepared.most_bytes(np.array([len(each) for each in lots], np.int64))
        if self.tally_bytes + most > self.max_bytes:
            self._count()
            refuse_beyond(self.max_bytes, self.tally_bytes + most)
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
            cell = self._cells.get(place)
            rest = cell.minus(taken, self.bins) if cell is not None else None
            if rest is None:
                raise InvalidInputError.at(
                    "predictions", f"others of slice {place[0]!r}", "of what was added"
                )
            left[place] = rest
        for place, cell in left.items():
            self._cells.put(place, cell)
        return left_out

    def advance(self, watermark_us: int) -> None:
        """Join or drop the buckets that a higher watermark makes old."""
        known = self._cells.watermark_us
        if known is not None and watermark_us <= known:
            return
        if self._cells.moved(watermark_us, self._waiting.buckets):
            self._count()
        self.dropped_images += self._cells.advance(watermark_us)

    def settle(self) -> None:
        """Count what waits, which takes less memory then."""
        self._count()

    def slices(self) -> tuple[str, ...]:
        """Return the slices that have images, ascending; the first one is that of all."""
        waiting = {name for name, _ in self._waiting.images}
        return tuple(sorted(waiting | self._cells.slices()))

    def span(self, window: Window, name: str = ALL) -> Span:
        """Return the event times of a window of a slice; from 0 to 0 before the first image."""
        edges = self._cells.edges
        if edges is None:
            return NO_SPAN
        if not window.images:
            return edges.span(window, {})
        everything = Span(edges.days_us, edges.until_us)
        counts = Counter[Bucket](self._cells.images(name, everything))
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
        counted = [(name, bucket) for bucket in self._cells.images(name, span)]
        waiting = [
            place
            for place in self._waiting.images
            if place[0] == name and span.from_us <= place[1].start_us < span.until_us
        ]
        return self._snapshot(span, dict.fromkeys((*counted, *waiting)))

    def tally(self, snapshot: PredictionSnapshot) -> PredictionTally:
        """Return the sum of a snapshot; safe in another thread."""
        return snapshot.tally(self.classes, self.settings)

    def changed(self) -> PredictionParts:
        """Return what has changed since this was last asked, and the whole of it at first."""
        self._count()
        cells, gone = self._cells.changed()
        state = StoreState(self._cells.watermark_us, self.dropped_images)
        return PredictionParts(self.bins, self._digest, state, cells, gone)

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
            self._cells.advance(state.watermark_us)
        self.dropped_images = state.dropped_images
        self._cells.restore(cells)

    def _prepare(
        self, predictions: Predictions, facts: ImageFacts, placed: Placed | None = None
    ) -> tuple[WaitingPredictions, list[Lot], int]:
        """Return images, the lot of each, and how many are in no bucket."""
        if len(facts) != len(predictions):
            raise InvalidInputError.at("facts", len(facts), f"of {len(predictions)} images")
        if placed is None:
            placed = self.bins.places_of(predictions, groups_of(facts.clusters))
        self.advance(int(facts.times_us.max()))
        edges = self._cells.edges
        assert edges is not None  # noqa: S101 - the store was advanced to these images
        lots, left_out = lots_of(facts, edges)
        numbers = np.zeros(len(lots), np.int64)
        return WaitingPredictions(predictions.counts, *placed, numbers), lots, left_out

    def _snapshot(self, span: Span, places: Iterable[Place]) -> PredictionSnapshot:
        chosen = tuple(places)
        cells = tuple(filter(None, map(self._cells.get, chosen)))
        images = sum(each.images for each in cells)
        images += sum(self._waiting.images[place] for place in chosen)
        lots = self._waiting.lots_in(chosen)
        return PredictionSnapshot(span, images, cells, lots, tuple(self._waiting.batches))

    def _count(self) -> None:
        """Count what waits."""
        self._cells.count(self._waiting.take())
