"""Counted predictions by slice and bucket of time: what they take, and what of them changed."""

from collections.abc import Iterable, Mapping

from boxgauge.engine.online.prediction_bins import PredictionBins
from boxgauge.engine.online.prediction_cell import PredictionCell
from boxgauge.engine.online.prediction_parts import key_of
from boxgauge.engine.online.ring import Bucket, BucketRing, Edges, Place
from boxgauge.engine.online.windows import Ring, Span


class PredictionRing:
    """Cells by place.

    Args:
        ring: Which buckets there are.
        bins: Where predictions are counted.

    Attributes:
        nbytes: Bytes that all cells take.
    """

    def __init__(self, ring: Ring, bins: PredictionBins) -> None:
        self.nbytes = 0
        self._bins = bins
        self._ring = BucketRing[PredictionCell](ring, lambda each: PredictionCell.sums(each, bins))
        self._touched: set[Place] = set()
        self._kept: set[str] = set()

    @property
    def watermark_us(self) -> int | None:
        """Highest event time; None before the first one."""
        return self._ring.watermark_us

    @property
    def edges(self) -> Edges | None:
        """Where buckets lie; None before the first event time."""
        return self._ring.edges

    def moved(self, watermark_us: int, buckets: Iterable[Bucket]) -> bool:
        """Return whether this watermark, which is a higher one, leaves any of these no more."""
        edges = Edges.of(self._ring.ring, watermark_us)
        return edges != self._ring.edges and any(
            edges.bucket(each.start_us) != each for each in buckets
        )

    def advance(self, watermark_us: int) -> int:
        """Join or drop the cells that a higher watermark makes old.

        Returns:
            How many images were dropped, once for each of their slices.
        """
        rolled = self._ring.advance(watermark_us)
        if rolled.gone:
            everything = self._ring.items()
            grown = set(rolled.grown)
            places = ((name, bucket) for name, bucket, _ in everything)
            self._touched.update(each for each in places if each[1] in grown)
            self.nbytes = sum(cell.nbytes for _, _, cell in everything)
        return sum(cell.images for _, cell in rolled.dropped)

    def get(self, place: Place) -> PredictionCell | None:
        """Return the cell at a place, None where there is none."""
        return self._ring.get(*place)

    def put(self, place: Place, cell: PredictionCell) -> None:
        """Put a cell in the place of the one that is there, if any."""
        known = self.get(place)
        self.nbytes += cell.nbytes - (0 if known is None else known.nbytes)
        self._touched.add(place)
        self._ring.replace(*place, cell)

    def count(self, cells: Mapping[Place, PredictionCell]) -> None:
        """Add what was counted to the cells at its places."""
        known = {place: cell for place in cells if (cell := self.get(place)) is not None}
        sums = PredictionCell.sums([[known[each], cells[each]] for each in known], self._bins)
        for place, cell in {**cells, **dict(zip(known, sums, strict=True))}.items():
            self.put(place, cell)

    def slices(self) -> set[str]:
        """Return the slices that have images."""
        return {name for name, _, cell in self._ring.items() if cell.images}

    def images(self, name: str, span: Span) -> dict[Bucket, int]:
        """Return how many images each bucket of a slice in a span has, oldest first."""
        return {bucket: cell.images for bucket, cell in self._ring.values(name, span).items()}

    def changed(self) -> tuple[dict[str, PredictionCell], frozenset[str]]:
        """Return, by key, the cells that changed since this was last asked, and what is gone."""
        cells = {key_of(name, bucket): cell for name, bucket, cell in self._ring.items()}
        touched = {key_of(*place) for place in self._touched}
        gone = self._kept - cells.keys()
        self._kept, self._touched = set(cells), set()
        return {key: cells[key] for key in touched if key in cells}, frozenset(gone)

    def restore(self, cells: Mapping[Place, PredictionCell]) -> None:
        """Take up cells, of which nothing has changed since they were asked for."""
        for place, cell in cells.items():
            self.put(place, cell)
        self._touched, self._kept = set(), {key_of(*place) for place in cells}
