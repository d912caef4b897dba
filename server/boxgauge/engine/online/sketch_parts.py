"""What has changed of a sketch store, as bytes by part, and back."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from boxgauge.engine.online.aged import Aged, Held, Packed, code_bytes
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.ring import Edges, Place
from boxgauge.engine.online.store_state import STORE, STORE_SEAL, StoreState, read_state
from boxgauge.engine.online.waiting import Waiting
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring
from boxgauge.frames import InvalidInputError

_LETTERS = {MINUTE_US: "m", HOUR_US: "h", DAY_US: "d"}


@dataclass(frozen=True, slots=True, eq=False)
class SketchParts:
    """What has changed, at one moment.

    Attributes:
        form: Of the store's cells.
        store: Identifies what the store was made for.
        state: As it is.
        cells: Place, number and cell of each one that has changed.
        waiting: What waits to be counted in these and in others.
        patterns: Of outcomes, by code.
        gone: Places whose cells there are no more.
        is_same: The state is what it was the last time.
    """

    form: CellFormat
    store: str
    state: StoreState
    cells: tuple[tuple[Place, int, Held], ...]
    waiting: tuple[Waiting, ...]
    patterns: tuple[bytes, ...]
    gone: Collection[Place]
    is_same: bool

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""
        found: dict[str, bytes | None] = {part_key(each): None for each in self.gone}
        if self.is_same and not found and not self.cells:
            return found
        counted = dict[int, Cell]()
        if self.waiting:
            numbers = [number for _, number, _ in self.cells]
            waiting = Waiting.joined(self.waiting).of_cells(numbers)
            counted = waiting.counted(self.form.classes)
        for place, number, held in self.cells:
            found[part_key(place)] = self._packed(place, held, counted.get(number))
        found[STORE] = STORE_SEAL.close({"store": self.store} | asdict(self.state), [])
        return found

    def _packed(self, place: Place, held: Held, counted: Cell | None) -> bytes:
        packed = held.packed if isinstance(held, Aged) and not held.is_fresh else None
        # A bucket's bytes say where it lies: those of an hour are not those of its day.
        if packed and packed.place == place and counted is None:
            return packed.data
        whole = self.form.opened(held, self.state.sources)
        if counted is not None:
            whole = Cell.joined([whole, counted])
        return self.form.packed(place, whole, self.patterns, self.state.sources).data


def part_key(place: Place) -> str:
    """Return the key of a cell's part."""
    name, bucket = place
    return f"{_LETTERS[bucket.width_us]}/{bucket.start_us}/{name}"


@dataclass(frozen=True, slots=True, eq=False)
class ReadCell:
    """A cell that was read.

    Attributes:
        place: Its slice and bucket.
        held: What is there; codes are places in a list of patterns of all cells, and images by
            source are not in the sums of what is not packed.
        sources: How many images those are, by the source of their label.
    """

    place: Place
    held: Held
    sources: tuple[tuple[str, int], ...]


def read_cells(
    parts: Mapping[str, bytes], store: str, form: CellFormat, ring: Ring
) -> tuple[StoreState, list[ReadCell], tuple[bytes, ...]]:
    """Return the state of a store, its cells, each in a bucket that there is, and all patterns.

    All are unpacked, so that none is damaged, but cells of old buckets stay packed.

    Raises:
        InvalidInputError: A part is missing, or is not its bytes, or of another store or
            version, or was cut short or changed.
    """
    state = read_state(parts, store)
    edges = None if state.watermark_us is None else Edges.of(ring, state.watermark_us)
    codes, read = dict[bytes, int](), list[ReadCell]()
    for key, data in parts.items():
        if key == STORE:
            continue
        stored = form.unpack(data)
        if edges is None:
            continue
        (name, bucket), cell = stored.place, stored.cell
        if edges.bucket(bucket.start_us) != bucket:
            shown = f"slice {name!r} at {bucket}"
            raise InvalidInputError.at("parts", shown, "of the buckets at the watermark")
        own = np.array([codes.setdefault(each, len(codes)) for each in stored.patterns], np.int64)
        if bucket.width_us > MINUTE_US:
            packed = Packed(stored.place, data, code_bytes(own), cell.images)
            read.append(ReadCell(stored.place, Aged((packed,)), ()))
        else:
            read.append(ReadCell(stored.place, cell.renamed(own, {}), stored.sources))
    return state, read, tuple(codes)
