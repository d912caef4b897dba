"""Cells of old buckets: packed, and what has come to them since."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.ring import Place
from boxgauge.engine.sketch.grouped import code_of

Int64 = NDArray[np.int64]

# Objects, beside their contents.
_PACKED_BYTES, _AGED_BYTES = 200, 200
# So many cells may lie side by side, or up to twice as many: not all join in the same minute.
_MOST_CELLS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A cell as bytes.

    Attributes:
        place: Where it lay when it was packed.
        data: As `CellFormat` writes it.
        codes: Of its patterns, in the order in which the bytes have them, as uint16.
        images: How many.
    """

    place: Place
    data: bytes
    codes: bytes
    images: int

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return _PACKED_BYTES + len(self.data) + len(self.codes)

    def code_numbers(self) -> Int64:
        """Return the codes of its patterns."""
        return np.frombuffer(self.codes, np.uint16).astype(np.int64)

    def renamed(self, codes: Int64) -> "Packed":
        """Return it with ``codes[c]`` in the place of each code c."""
        renamed = code_bytes(codes[self.code_numbers()])
        return Packed(self.place, self.data, renamed, self.images)


Piece = Cell | Packed


@dataclass(frozen=True, eq=False)
class Aged:
    """What an old bucket has: the sum of its pieces, which only a thread need take.

    Attributes:
        pieces: Packed or not yet.
        fresh: What has been counted since these were last listed to be packed.
    """

    pieces: tuple[Piece, ...]
    fresh: Cell | None = None

    @property
    def packed(self) -> Packed | None:
        """The one piece, where it is packed; None where there is something to do."""
        (first, *others) = self.pieces
        return first if isinstance(first, Packed) and not others else None

    @property
    def is_fresh(self) -> bool:
        """Say whether images were counted since."""
        return self.fresh is not None and self.fresh.images > 0

    @cached_property
    def images(self) -> int:
        """How many."""
        return sum(each.images for each in pieces_of(self))

    @cached_property
    def nbytes(self) -> int:
        """Bytes that it takes; joining never makes it more."""
        return _AGED_BYTES + sum(each.nbytes for each in pieces_of(self))


Held = Cell | Aged


def pieces_of(held: Held) -> tuple[Piece, ...]:
    """Return what adds up to all of it."""
    if isinstance(held, Cell):
        return (held,)
    return held.pieces if held.fresh is None else (*held.pieces, held.fresh)


def with_counted(held: Held, cell: Cell) -> Held:
    """Return the sum with images that were counted."""
    if isinstance(held, Cell):
        return held.plus(cell)
    return Aged(held.pieces, cell if held.fresh is None else held.fresh.plus(cell))


def side_by_side(one: Held, other: Held, number: int) -> Held:
    """Return both as one; cells are joined only where nobody has packed them for long."""
    pieces = (*pieces_of(one), *pieces_of(other))
    cells = [each for each in pieces if isinstance(each, Cell)]
    if len(cells) > _MOST_CELLS + number % _MOST_CELLS:
        pieces = (*(each for each in pieces if isinstance(each, Packed)), Cell.joined(cells))
    return Aged(pieces)


def with_packed(held: Held, before: Collection[Piece], packed: Packed) -> Aged | None:
    """Return it with one piece in the place of its first ones; None where these are others."""
    if isinstance(held, Cell) or len(held.pieces) < len(before):
        return None
    if any(ours is not theirs for ours, theirs in zip(held.pieces, before, strict=False)):
        return None
    return Aged((packed, *held.pieces[len(before) :]), held.fresh)


def renamed(held: Held, codes: Int64, sources: dict[int, int] | None = None) -> Held:
    """Return it with ``codes[c]``, all different, in the place of each code c.

    Args:
        held: What a place has.
        codes: By code.
        sources: Images by source that a cell which is not packed has besides.
    """
    if isinstance(held, Cell):
        return held.renamed(codes, sources or {})
    pieces = tuple(
        each.renamed(codes, {}) if isinstance(each, Cell) else each.renamed(codes)
        for each in held.pieces
    )
    return Aged(pieces, held.fresh and held.fresh.renamed(codes, {}))


def tidy(held: Held) -> Held:
    """Return it with what is not packed in few cells and tables."""
    if isinstance(held, Cell):
        return held.tidied()
    cells = [each for each in held.pieces if isinstance(each, Cell)]
    fresh = held.fresh and held.fresh.tidied()
    if fresh is held.fresh and (not cells or (len(cells) == 1 and cells[0].is_tidy)):
        return held
    packed = tuple(each for each in held.pieces if isinstance(each, Packed))
    return Aged((*packed, Cell.joined(cells)) if cells else packed, fresh)


def codes_in(held: Held) -> list[Int64]:
    """Return arrays that name each code of a pattern at least once."""
    found = []
    for each in pieces_of(held):
        if isinstance(each, Packed):
            found.append(each.code_numbers())
        else:
            found += [code_of(table.tallied.ids) for table in each.rows]
    return found


def code_bytes(codes: Int64) -> bytes:
    """Return codes of patterns as `Packed` has them."""
    return codes.astype(np.uint16).tobytes()
