"""What has changed of a sketch store, as bytes by part, and back."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat, StoredCell
from boxgauge.engine.online.numbered import Place
from boxgauge.engine.online.ring import Edges
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
    """

    form: CellFormat
    store: str
    state: StoreState
    cells: tuple[tuple[Place, int, Cell], ...]
    waiting: tuple[Waiting, ...]
    patterns: tuple[bytes, ...]
    gone: Collection[Place]

    def packed(self) -> dict[str, bytes | None]:
        """Return the bytes of each part, None for one that is gone; safe in another thread."""
        found: dict[str, bytes | None] = {part_key(each): None for each in self.gone}
        if not self.cells and not self.gone:
            return found
        counted = dict[int, Cell]()
        if self.waiting:
            numbers = [number for _, number, _ in self.cells]
            waiting = Waiting.joined(self.waiting).of_cells(numbers)
            counted = waiting.counted(self.form.classes)
        for place, number, cell in self.cells:
            whole = Cell.joined([cell, counted[number]]) if number in counted else cell
            packed = self.form.pack(place, whole, self.patterns, self.state.sources)
            found[part_key(place)] = packed
        found[STORE] = STORE_SEAL.close({"store": self.store} | asdict(self.state), [])
        return found


def part_key(place: Place) -> str:
    """Return the key of a cell's part."""
    name, bucket = place
    return f"{_LETTERS[bucket.width_us]}/{bucket.start_us}/{name}"


def read_cells(
    parts: Mapping[str, bytes], store: str, form: CellFormat, ring: Ring
) -> tuple[StoreState, list[StoredCell]]:
    """Return the state of a store and its cells, each in a bucket that there is.

    Raises:
        InvalidInputError: A part is missing, or is not its bytes, or of another store or
            version, or was cut short or changed.
    """
    state = read_state(parts, store)
    stored = [form.unpack(each) for key, each in parts.items() if key != STORE]
    if state.watermark_us is None:
        return state, []
    edges = Edges.of(ring, state.watermark_us)
    for each in stored:
        name, bucket = each.place
        if edges.bucket(bucket.start_us) != bucket:
            shown = f"slice {name!r} at {bucket}"
            raise InvalidInputError.at("parts", shown, "of the buckets at the watermark")
    return state, stored
