"""A damaged tree of pages that reads almost without end: the start ends, with what verifies."""

import sqlite3
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from boxgauge.frames import DataLossError
from boxgauge.server.journal import Journal
from boxgauge.server.journal.most import most_rows
from boxgauge.server.journal.schema import PAGE_BYTES
from boxgauge.server.journal.sums import SUM_BYTES
from tests.server.journal.frames import MAX_MODELS, frame

SIDES = 800
LEVELS = 14  # each page names the next one four times: 4^14 visits of the last


async def filled(path: Path) -> None:
    journal = await Journal.open(path)
    monitor = await journal.create("cam", b"definition")
    await journal.take(monitor, [frame("a", k) for k in range(SIDES)], max_models=MAX_MODELS)
    await journal.close()


def children(page: bytes) -> list[tuple[int, int]]:
    """Return the pages that an inner page names, but for the last, with their highest numbers."""
    assert page[0] == 5, "an inner page of a table"
    (cells,) = struct.unpack_from(">H", page, 3)
    found = []
    for at in struct.unpack_from(f">{cells}H", page, 12):
        (child,) = struct.unpack_from(">I", page, at)
        number = page[at + 4] & 127
        if page[at + 4] > 127:
            number = number << 7 | page[at + 5]
        found.append((child, number))
    return found


def inner(child: int) -> bytes:
    """Return an inner page that names one page four times."""
    cells = [struct.pack(">IB", child, number) for number in (10, 20, 30)]
    starts = [PAGE_BYTES - 5 * (k + 1) for k in range(3)]
    page = bytearray(PAGE_BYTES)
    struct.pack_into(">BHHHBI3H", page, 0, 5, 0, 3, starts[-1], 0, child, *starts)
    for at, cell in zip(starts, cells, strict=True):
        page[at : at + 5] = cell
    return bytes(page)


def spoil(path: Path) -> int:
    """Make the first leaves of the sides name each other; return the highest number in them."""
    connection = sqlite3.connect(path)
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'sides'"
    ((root,),) = connection.execute(query).fetchall()
    connection.close()
    raw = bytearray(path.read_bytes())
    leaves = children(bytes(raw[(root - 1) * PAGE_BYTES : root * PAGE_BYTES]))
    assert len(leaves) > LEVELS + 1, "some leaves are left as they are"
    for (page, _), (following, _) in pairwise(leaves[: LEVELS + 1]):
        raw[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = inner(following)
    path.write_bytes(raw)
    return leaves[LEVELS - 1][1]


async def test_a_tree_without_end_is_repaired_to_the_rows_that_verify(path: Path) -> None:
    await filled(path)
    gone = spoil(path)
    with pytest.raises(DataLossError, match=rf"{gone} sides of images.*numbers 1 to {gone}[.] "):
        await Journal.open(path)
    journal = await Journal.open(path, accept_loss=True)
    (monitor,) = await journal.monitors()
    held = [each.image_id async for some in journal.current(monitor.id) for each in some]
    assert sorted(held) == list(range(gone, SIDES)), "side n + 1 is of image n"
    await journal.close()


def test_no_file_holds_more_rows_than_are_said_to_fit(path: Path) -> None:
    """The smallest rows there are: three numbers beside the checksum."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute(
        "CREATE TABLE superseded (space INTEGER, at INTEGER, side INTEGER, sum BLOB NOT NULL,"
        " PRIMARY KEY (space, at, side)) WITHOUT ROWID"
    )
    rows = ((1, 1, number, bytes(SUM_BYTES)) for number in range(20_000))
    connection.executemany("INSERT INTO superseded VALUES (?, ?, ?, ?)", rows)
    connection.commit()
    assert most_rows(connection) > 20_000
    connection.close()
