"""What a sketch store keeps of one slice and bucket."""

from collections.abc import Callable, Collection, Sequence, Sized
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.sums import WindowSums
from boxgauge.engine.online.worst import Worst
from boxgauge.engine.sketch.grouped import GroupedRows, Tallied
from boxgauge.frames import ImageId

# So many tables may lie side by side; then the shortest of them are joined. A row is copied a
# few times in all, and a cell has few tables.
_ROW_TABLES, _TRUTH_TABLES = 12, 4
# From so many tables of rows on, a thread may join them before they have to be.
_MANY_TABLES = 8
# Objects, and arrays beside their contents.
_FIXED_BYTES = 1200


T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, eq=False)
class Cell:
    """One slice and bucket; nothing in it is ever changed in place.

    Attributes:
        rows: Detections, as tables that are to be added up, longest first.
        truths: Ground truths, likewise.
        sums: Over the images.
        worst: Images with the most errors.
    """

    rows: tuple[GroupedRows, ...]
    truths: tuple[Tallied, ...]
    sums: WindowSums
    worst: Worst

    @classmethod
    def empty(cls, losses: int) -> "Cell":
        """Return a cell without images."""
        return cls((), (), WindowSums.empty(losses), Worst())

    @classmethod
    def joined(cls, cells: "Sequence[Cell]") -> "Cell":
        """Return at least one cell as one, in one table."""
        rows = [each for cell in cells for each in cell.rows]
        truths = [each for cell in cells for each in cell.truths]
        return cls(
            (GroupedRows.joined(rows),) if rows else (),
            (Tallied.joined(truths),) if truths else (),
            reduce(WindowSums.plus, (each.sums for each in cells)),
            reduce(Worst.plus, (each.worst for each in cells)),
        )

    def plus(self, other: "Cell") -> "Cell":
        """Return the sum; tables are joined where that is cheap."""
        return Cell(
            _few((*self.rows, *other.rows), _ROW_TABLES, GroupedRows.joined),
            _few((*self.truths, *other.truths), _TRUTH_TABLES, Tallied.joined),
            self.sums.plus(other.sums),
            self.worst.plus(other.worst),
        )

    @property
    def crowd(self) -> tuple[GroupedRows, ...]:
        """The tables of rows that had better be joined by now, shortest last; often none."""
        return _shortest(self.rows) if len(self.rows) >= _MANY_TABLES else ()

    def with_joined(self, crowd: Sequence[GroupedRows], joined: GroupedRows) -> "Cell | None":
        """Return the cell with one table in the place of these; None where it has others now."""
        known = set(map(id, crowd))
        kept = [each for each in self.rows if id(each) not in known]
        if len(kept) + len(crowd) != len(self.rows):
            return None
        return replace(self, rows=tuple(sorted((*kept, joined), key=len, reverse=True)))

    def minus(self, taken: "Cell") -> "Cell | None":
        """Return the difference; None where there is not as much here.

        The worst images stay: take them out by their ids.
        """
        ours, theirs = self.tidied(), taken.tidied()
        rows, truths = ours.rows, ours.truths
        missing = len(theirs.rows) > len(rows) or len(theirs.truths) > len(truths)
        if theirs.rows and not missing:
            left, not_here = rows[0].minus(theirs.rows[0])
            rows, missing = (left,), bool(not_here.any())
        if theirs.truths and not missing:
            less, unknown = truths[0].minus(theirs.truths[0])
            truths, missing = (less,), bool(unknown.any())
        sums = self.sums.minus(taken.sums)
        return None if missing or sums is None else Cell(rows, truths, sums, self.worst)

    def without(self, image_ids: Collection[ImageId]) -> "Cell":
        """Return the cell without these among its worst images."""
        return replace(self, worst=self.worst.without(image_ids))

    def renamed(self, codes: NDArray[np.int64], sources: dict[int, int]) -> "Cell":
        """Return a cell that was read, with a store's codes of patterns and numbers of sources."""
        rows = tuple(each.renamed(codes) for each in self.rows)
        return replace(self, rows=rows, sums=self.sums.with_sources(sources))

    def tidied(self) -> "Cell":
        """Return the cell in one table."""
        return self if self.is_tidy else Cell.joined([self])

    @property
    def is_tidy(self) -> bool:
        """Say whether there is nothing to be joined."""
        return len(self.rows) < 2 and len(self.truths) < 2

    @property
    def images(self) -> int:
        """How many."""
        return self.sums.images

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the cell takes; joining cells or tables never makes it more."""
        tables = sum(each.nbytes for each in self.rows) + sum(each.nbytes for each in self.truths)
        return _FIXED_BYTES + tables + self.sums.nbytes + self.worst.nbytes


def _few(tables: tuple[T, ...], most: int, join: Callable[[Sequence[T]], T]) -> tuple[T, ...]:
    """Return at most so many tables, longest first, that add up to the same."""
    if len(tables) <= most:
        return tables
    shortest = _shortest(tables)
    ordered = sorted(tables, key=len, reverse=True)
    return (*ordered[: len(ordered) - len(shortest)], join(shortest))


def _shortest(tables: tuple[T, ...]) -> tuple[T, ...]:
    """Return the tables that are to be joined, of at least two."""
    ordered = sorted(tables, key=len, reverse=True)
    # A table is joined once what is shorter is as long together: it then at least doubles.
    start = len(ordered) - 2
    held = len(ordered[start]) + len(ordered[-1])
    while start and len(ordered[start - 1]) <= held:
        start -= 1
        held += len(ordered[start])
    return tuple(ordered[start:])
