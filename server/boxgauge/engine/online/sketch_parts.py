"""What has changed of a sketch store, as bytes by part, and back."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from operator import index
from typing import Any

from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.cell_format import CellFormat
from boxgauge.engine.online.numbered import Place
from boxgauge.engine.online.waiting import Waiting
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring
from boxgauge.engine.sealing import Seal, count_of, describe
from boxgauge.engine.settings import EvaluationSettings, ObjectClass

# The part that says what is of no cell.
STORE = "store"
SEAL = Seal(b"BGSTORE\n", version=1, level=6)
_LETTERS = {MINUTE_US: "m", HOUR_US: "h", DAY_US: "d"}


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a store is beside its cells; sources are those of labels, by number."""

    watermark_us: int | None
    dropped_images: int
    sources: tuple[str, ...]


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
        found[STORE] = SEAL.close({"store": self.store} | asdict(self.state), [])
        return found


def part_key(place: Place) -> str:
    """Return the key of a cell's part."""
    name, bucket = place
    return f"{_LETTERS[bucket.width_us]}/{bucket.start_us}/{name}"


def store_mark(
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    ring: Ring,
    losses: tuple[str, ...],
) -> str:
    """Return what tells parts of this store from those of one that was made for something else."""
    made_for = describe(classes, settings) | {"ring": asdict(ring), "losses": losses}
    text = json.dumps(made_for, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def read_state(data: bytes, store: str) -> StoreState:
    """Return the state of a store.

    Raises:
        InvalidInputError: These are not its bytes, or of another store or version, or they were
            cut short or changed.
    """

    def parse(about: dict[str, Any], body: bytes) -> StoreState:
        if about["store"] != store or body:
            raise ValueError("it is of other classes, settings, buckets or losses")
        watermark = about["watermark_us"]
        return StoreState(
            None if watermark is None else index(watermark),
            count_of(about, "dropped_images"),
            tuple(map(str, about["sources"])),
        )

    return SEAL.open(data, parse)
