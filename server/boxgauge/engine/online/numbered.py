"""The cells of a store by slice and bucket, numbered so that arrays can name them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.aged import (
    Aged,
    Held,
    codes_in,
    renamed,
    side_by_side,
    tidy,
    with_counted,
)
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.ring import Bucket, BucketRing, Edges, Place, Rolled
from boxgauge.engine.online.windows import Ring, Span

# Of a cell's places in dictionaries, beside the name of its slice.
_PLACE_BYTES = 400


class Numbered(NamedTuple):
    """A cell and its number."""

    number: int
    cell: Held


class NumberedCells:
    """Cells by place and by number.

    Attributes:
        ring: By place.
        nbytes: Bytes that all cells take.
    """

    def __init__(self, ring: Ring) -> None:
        self.ring = BucketRing[Numbered](ring, _joined)
        self.nbytes = 0
        self._places: dict[int, Place] = {}
        self._next = 0

    @property
    def edges(self) -> Edges | None:
        """Where buckets lie; None before the first watermark."""
        return self.ring.edges

    def bucket(self, time_us: int) -> Bucket | None:
        """Return the bucket of an event time, if it has one."""
        return self.edges.bucket(time_us) if self.edges else None

    def numbers(self, places: list[Place]) -> tuple[list[int], dict[Place, int]]:
        """Return the number of each place, and those of places without a cell, free as yet."""
        found, new = [], dict[Place, int]()
        for name, bucket in places:
            held = self.ring.get(name, bucket)
            if held is None:
                number = new.setdefault((name, bucket), self._next + len(new))
            else:
                number = held.number
            found.append(number)
        return found, new

    def create(self, new: dict[Place, int], cell: Cell) -> None:
        """Put a cell at each place under its number."""
        for place, number in new.items():
            self._places[number] = place
            self.put(number, cell)
        self._next += len(new)

    def place(self, number: int) -> Place:
        """Return the slice and bucket of a number."""
        return self._places[number]

    def known(self, number: int) -> Held | None:
        """Return the cell of a number, None where it is gone."""
        return self.get(number) if number in self._places else None

    def get(self, number: int) -> Held:
        """Return the cell of a number."""
        return self.at(self._places[number]).cell

    def at(self, place: Place) -> Numbered:
        """Return the cell at a place that has one."""
        held = self.find(place)
        assert held is not None  # noqa: S101 - there is a cell at it
        return held

    def find(self, place: Place) -> Numbered | None:
        """Return the cell at a place, None where there is none."""
        return self.ring.get(*place)

    def put(self, number: int, cell: Held) -> None:
        """Put a cell in the place of the one that has this number, or had none yet."""
        name, bucket = self._places[number]
        before = self.ring.get(name, bucket)
        self.nbytes += cell.nbytes - before.cell.nbytes if before else bytes_of(name, cell)
        self.ring.replace(name, bucket, Numbered(number, cell))

    def count(self, cells: Mapping[int, Cell]) -> None:
        """Add images that were counted, by the number of their cell."""
        for number, cell in cells.items():
            self.put(number, with_counted(self.get(number), cell))

    def closed(self, numbers: Iterable[int]) -> list[int]:
        """Return those cells of old buckets that are yet to have room for what is counted."""
        found = []
        for number in numbers:
            held = self.get(number)
            if isinstance(held, Aged) and held.fresh is None:
                found.append(number)
        return found

    def tidy(self) -> None:
        """Join the tables of each cell."""
        for number, held in self.all():
            if (tidied := tidy(held)) is not held:
                self.put(number, tidied)

    def codes(self) -> Iterator[NDArray[np.int64]]:
        """Yield arrays that name each code of a pattern at least once."""
        for _, held in self.all():
            yield from codes_in(held)

    def rename(self, codes: NDArray[np.int64]) -> None:
        """Put ``codes[c]`` in the place of each code c."""
        for number, held in self.all():
            self.put(number, renamed(held, codes))

    def advance(self, watermark_us: int) -> Rolled:
        """Join or drop the cells that a higher watermark makes old."""
        moving = self.moving(watermark_us)
        rolled_to = Edges.of(self.ring.ring, watermark_us)
        places = self.places(moving)
        wider = {(name, rolled_to.bucket(bucket.start_us)) for name, bucket in places}
        grown = [(name, bucket) for name, bucket in wider if bucket is not None]
        before = [*places, *(place for place in grown if self.ring.get(*place))]
        self.nbytes -= sum(bytes_of(name, self.at((name, bucket)).cell) for name, bucket in before)
        for each in moving:
            del self._places[each.number]
        rolled = self.ring.advance(watermark_us)
        for place in grown:
            held = self.at(place)
            self._places[held.number] = place
            self.nbytes += bytes_of(place[0], held.cell)
        return rolled

    def moving(self, watermark_us: int) -> list[Numbered]:
        """Return the cells that this watermark would join to others or drop."""
        return self.ring.moving(watermark_us)

    def values(self, name: str, span: Span) -> tuple[Numbered, ...]:
        """Return the cells of a slice in a span, oldest bucket first."""
        return tuple(self.ring.values(name, span).values())

    def places(self, cells: list[Numbered]) -> list[Place]:
        """Return the places of cells."""
        return [self._places[each.number] for each in cells]

    def all(self) -> list[Numbered]:
        """Return all cells."""
        return [held for _, _, held in self.ring.items()]


def bytes_of(name: str, cell: Held) -> int:
    """Return the bytes that a cell of a slice takes."""
    return _PLACE_BYTES + len(name) + cell.nbytes


def _joined(groups: list[list[Numbered]]) -> list[Numbered]:
    return [reduce(_side_by_side, each) for each in groups]


def _side_by_side(one: Numbered, other: Numbered) -> Numbered:
    return Numbered(one.number, side_by_side(one.cell, other.cell, one.number))
