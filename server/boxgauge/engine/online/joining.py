"""Tables of a cell that a thread joins: a long one would keep everybody else waiting."""

from collections.abc import Iterable
from dataclasses import dataclass

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.numbered import NumberedCells
from boxgauge.engine.sketch.grouped import GroupedRows


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """One table that has what some tables of a cell had."""

    crowd: "Crowd"
    table: GroupedRows


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Tables of the cell of a number, at one moment."""

    number: int
    tables: tuple[GroupedRows, ...]

    def joined(self) -> Joined:
        """Join them; safe in another thread."""
        return Joined(self, GroupedRows.joined(self.tables))


class Joining:
    """Which cells of a store have many tables, and what becomes of them.

    Args:
        cells: Of the store.
    """

    def __init__(self, cells: NumberedCells) -> None:
        self._cells = cells
        self._crowded = set[int]()
        self._under_way = set[int]()

    def counted(self, numbers: Iterable[int]) -> None:
        """Note that cells may have more tables now."""
        self._crowded.update(numbers)

    def listed(self) -> list[Crowd]:
        """Return what is to be joined; each cell's once at a time."""
        found = []
        for number in self._crowded - self._under_way:
            held = self._cells.known(number)
            if isinstance(held, Cell) and held.crowd:
                found.append(Crowd(number, held.crowd))
                self._under_way.add(number)
        self._crowded.clear()
        return found

    def adopt(self, joined: Joined) -> None:
        """Take up what was joined, unless the cell has other tables by now, or is gone."""
        number, tables = joined.crowd.number, joined.crowd.tables
        self._under_way.discard(number)
        held = self._cells.known(number)
        cell = held.with_joined(tables, joined.table) if isinstance(held, Cell) else None
        if cell is not None:
            self._cells.put(number, cell)
