"""What a sketch store keeps of one slice and bucket."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from boxgauge.engine.online.sums import WindowSums
from boxgauge.engine.online.worst import Worst
from boxgauge.engine.sketch.grouped import GroupedRows, Tallied
from boxgauge.frames import ImageId

# A table is joined to the one before it that is less than so many times as long. So there
# are few of them, and a row is copied a few times in all.
_SHARE = 2
# Objects, and arrays beside their contents.
_FIXED_BYTES = 1200


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One slice and bucket; nothing in it is ever changed in place.

    Attributes:
        rows: Detections, as tables that are to be added up; each is at least twice as long as
            the next one.
        truths: Ground truths, see `TruthIds`, likewise.
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
            WindowSums.joined([each.sums for each in cells]),
            Worst.joined([each.worst for each in cells]),
        )

    def plus(self, other: "Cell") -> "Cell":
        """Return the sum; tables are joined where that is cheap."""
        rows = sorted((*self.rows, *other.rows), key=len, reverse=True)
        truths = sorted((*self.truths, *other.truths), key=len, reverse=True)
        while len(rows) > 1 and len(rows[-2]) < _SHARE * len(rows[-1]):
            rows[-2:] = [GroupedRows.joined(rows[-2:])]
        while len(truths) > 1 and len(truths[-2]) < _SHARE * len(truths[-1]):
            truths[-2:] = [Tallied.joined(truths[-2:])]
        return Cell(
            tuple(rows),
            tuple(truths),
            WindowSums.joined([self.sums, other.sums]),
            Worst.joined([self.worst, other.worst]),
        )

    def minus(self, taken: "Cell") -> "Cell | None":
        """Return the difference; None where there is not as much here.

        The worst images stay: take them out by their ids.
        """
        ours, theirs = Cell.joined([self]), Cell.joined([taken])
        rows, truths = ours.rows, ours.truths
        missing = len(theirs.rows) > len(rows) or len(theirs.truths) > len(truths)
        if theirs.rows and not missing:
            left, not_here = rows[0].minus(theirs.rows[0])
            rows, missing = (left,), bool(not_here.any())
        if theirs.truths and not missing:
            less, unknown = truths[0].minus(theirs.truths[0])
            truths, missing = (less,), bool(unknown.any())
        sums = self.sums.minus(taken.sums)
        return None if missing or not sums.is_possible() else Cell(rows, truths, sums, self.worst)

    def without(self, image_ids: Collection[ImageId]) -> "Cell":
        """Return the cell without these among its worst images."""
        return replace(self, worst=self.worst.without(image_ids))

    @property
    def images(self) -> int:
        """How many."""
        return self.sums.images

    @property
    def nbytes(self) -> int:
        """Bytes that the cell takes; joining cells or tables never makes it more."""
        tables = sum(each.nbytes for each in self.rows) + sum(each.nbytes for each in self.truths)
        return _FIXED_BYTES + tables + self.sums.vector.nbytes + self.worst.nbytes
