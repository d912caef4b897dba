"""Sides as rows: how they are written, looked up by image or by number, and verified."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from boxgauge.frames import ImageId
from boxgauge.server.journal.index import COLUMNS, RETRACTED, WIDTH, Entry, entry_of
from boxgauge.server.journal.space import Space
from boxgauge.server.journal.statements import Row, in_chunks
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import Column, check_sum, damaged, row_sum
from boxgauge.server.journal.types import CameFrame, HeldSide

# Revisions are unsigned, SQLite's integers are not.
_MIDDLE = 1 << 63
_SIDE = (
    "s.number, s.space, s.model, s.image, s.revision, s.digest, s.boxes, s.time_us,"
    " s.arrived_us, s.facts, s.sum, s.rows"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of one side of one image.

    Attributes:
        side: None where it was taken out.
    """

    entry: Entry
    revision: int
    digest: bytes
    time_us: int
    side: HeldSide | None


Found: TypeAlias = dict[ImageId, dict[int, Kept]]  # by image and model


def look_up(
    store: Store, space: Space, images: Sequence[ImageId], models: Collection[int] | None
) -> Found:
    """Return what is known of these images, of all models where none are named.

    Raises:
        DataLossError: A row is damaged.
    """
    found: Found = {image: {} for image in images}
    ids = sorted(space.names if models is None else models)
    for model_marks, some_models in in_chunks(ids):
        for marks, some in in_chunks(images):
            for row in store.connection.execute(
                f"SELECT {COLUMNS}, {_SIDE} FROM current c"  # noqa: S608 (marks alone)
                " LEFT JOIN sides s ON s.number = c.number"
                f" WHERE c.space = ? AND c.image IN ({marks}) AND c.model IN ({model_marks})",
                (space.id, *some, *some_models),
            ):
                kept = _kept(row)
                found[row[1]][row[2]] = kept
    return found


def by_number(store: Store, numbers: Sequence[int]) -> dict[int, HeldSide]:
    """Return the sides of these numbers, which must be there.

    Raises:
        DataLossError: A row is damaged or missing.
    """
    found: dict[int, HeldSide] = {}
    for marks, some in in_chunks(numbers):
        for row in store.connection.execute(
            f"SELECT {_SIDE} FROM sides s WHERE s.number IN ({marks})",  # noqa: S608 (marks alone)
            some,
        ):
            found[row[0]] = _side(row)
    missing = next((number for number in numbers if number not in found), None)
    if missing is not None:
        raise damaged("sides", missing, "is missing")
    return found


def insert_sides(store: Store, space: Space, kept: Sequence[tuple[int, Kept, CameFrame]]) -> None:
    """Write sides that are new: model, what is known of the side, and the frame it came in."""
    rows, sums = [], []
    for model, each, came in kept:
        columns: tuple[Column, ...] = (
            each.entry.number,
            space.id,
            model,
            came.image_id,
            each.revision - _MIDDLE,
            each.digest,
            each.entry.boxes,
            each.time_us,
            came.arrived_us,
            _facts_text(came.slices, came.cluster, came.source),
        )
        boxes = b"" if each.side is None else came.rows
        sums.append(row_sum("sides", columns, boxes))
        rows.append((*columns, sums[-1], boxes))
    store.connection.executemany(
        "INSERT INTO sides VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
    )
    store.came("sides", sums)


def supersede(store: Store, space: Space, numbers: Sequence[int], at: int) -> None:
    """Note that these sides are needed until the checkpoint covers the number ``at``."""
    rows = [
        (space.id, at, number, row_sum("superseded", (space.id, at, number))) for number in numbers
    ]
    store.connection.executemany("INSERT INTO superseded VALUES (?, ?, ?, ?)", rows)
    store.came("superseded", [row[-1] for row in rows])


def _kept(row: Row) -> Kept:
    """Return what is known, from a row of the index and the side that it points to."""
    entry, side = entry_of(row), row[WIDTH:]
    if side[0] is None:
        raise damaged("sides", entry.number, "is missing")
    held = _side(side)
    if (side[1], side[3], side[2], side[6]) != (*row[:3], entry.boxes):
        raise damaged("current", entry.number, "does not belong to its side")
    return Kept(
        entry=entry,
        revision=held.revision,
        digest=side[5],
        time_us=held.time_us,
        side=None if held.boxes == RETRACTED else held,
    )


def _side(row: Row) -> HeldSide:
    check_sum("sides", row[0], row[10], row[:10], row[11])
    slices, cluster, source = _facts_of(row[9])
    return HeldSide(
        number=row[0],
        revision=row[4] + _MIDDLE,
        rows=row[11],
        boxes=row[6],
        time_us=row[7],
        arrived_us=row[8],
        slices=slices,
        cluster=cluster,
        source=source,
    )


# Images of one camera share their facts, so that these are made once and held once.
@lru_cache(maxsize=4096)
def _facts_text(slices: tuple[str, ...], cluster: str, source: str) -> str:
    return json.dumps([slices, cluster, source], separators=(",", ":"))


@lru_cache(maxsize=4096)
def _facts_of(text: str) -> tuple[tuple[str, ...], str, str]:
    slices, cluster, source = json.loads(text)
    return tuple(slices), cluster, source
