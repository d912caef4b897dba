"""Which cells of a store are to be packed, and how they get there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from boxgauge.engine.online.aged import Aged, Packed, pieces_of, with_packed
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.encoding import Names
from boxgauge.engine.online.numbered import NumberedCells
from boxgauge.engine.online.ring import Place
from boxgauge.engine.online.windows import MINUTE_US

# What corrections have unpacked may take so much until it is packed again.
_OPENED_BYTES = 2**26


class Repacked(NamedTuple):
    """Pieces of a cell, and what is to take their place."""

    place: Place
    before: Aged
    packed: Packed


@dataclass(frozen=True, slots=True, eq=False)
class AgedCells:
    """Cells of old buckets that are to be packed, at one moment.

    Attributes:
        form: Of the store's cells.
        cells: By place.
        patterns: Of outcomes, by code.
        sources: Of labels, by number.
    """

    form: CellFormat
    cells: tuple[tuple[Place, Aged], ...]
    patterns: tuple[bytes, ...]
    sources: tuple[str, ...]

    def packed(self) -> list[Repacked]:
        """Return each cell as one piece; safe in another thread."""
        found = []
        for place, aged in self.cells:
            whole = self.form.opened(Aged(aged.pieces), self.sources)
            packed = self.form.packed(place, whole, self.patterns, self.sources)
            found.append(Repacked(place, aged, packed))
        return found


class Aging:
    """Knows which cells wider than a minute have something that is not packed.

    Args:
        cells: Of the store.
        form: How they are packed.
        empty: A cell without images.
    """

    def __init__(self, cells: NumberedCells, form: CellFormat, empty: Cell) -> None:
        self._cells = cells
        self._form = form
        self._empty = empty
        self._unpacked = dict[Place, None]()
        # Bytes of each cell that a correction unpacked, oldest correction first.
        self._opened = dict[Place, int]()

    def touch(self, place: Place) -> None:
        """Note that something has come to a cell, or will when it is counted."""
        if place[1].width_us > MINUTE_US:
            self._unpacked[place] = None

    def forget(self, place: Place) -> None:
        """Note that there is no cell any more."""
        self._unpacked.pop(place, None)
        self._opened.pop(place, None)

    def corrected(self, place: Place, cell: Cell, names: Names, awaited: Collection[int]) -> None:
        """Put a cell in its place that something was taken from; no image waits for it."""
        number = self._cells.at(place).number
        self._cells.put(number, cell)
        self.touch(place)
        if place not in self._unpacked:
            return
        self._opened[place] = cell.nbytes
        while sum(self._opened.values()) > _OPENED_BYTES:
            oldest = next(iter(self._opened))
            self.adopt(self._listed([oldest], names, awaited).packed())

    def listed(self, names: Names, awaited: Collection[int]) -> AgedCells:
        """Return what is to be packed now; images wait for some cells."""
        self._unpacked = {
            place: None
            for place in self._unpacked
            if self._cells.at(place).number in awaited or not self._is_packed(place)
        }
        return self._listed(self._unpacked, names, awaited)

    def adopt(self, repacked: Sequence[Repacked]) -> None:
        """Put packed cells in the place of what they were packed from, where it is still there."""
        for place, before, packed in repacked:
            held = self._cells.find(place)
            left = held and with_packed(held.cell, before.pieces, packed)
            if held and left:
                self._cells.put(held.number, left)
                self._opened.pop(place, None)

    def _is_packed(self, place: Place) -> bool:
        held = self._cells.at(place).cell
        return isinstance(held, Aged) and held.packed is not None and held.fresh is None

    def _listed(self, places: Iterable[Place], names: Names, awaited: Collection[int]) -> AgedCells:
        found = []
        for place in places:
            number, held = self._cells.at(place)
            # What comes from now on is kept apart: so it is no matter for what is packed now.
            fresh = self._empty if number in awaited else None
            if isinstance(held, Cell):
                held = Aged((held,), fresh)
            elif held.is_fresh:
                held = Aged(pieces_of(held), fresh)
            self._cells.put(number, held)
            if held.packed is None:
                found.append((place, held))
        return AgedCells(self._form, tuple(found), tuple(names.patterns), names.sources.names)
