"""Writes a journal as version 1 of the format had it: its tables, its rows, its checksums."""

import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

_TABLES = """
CREATE TABLE monitors (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    definition BLOB NOT NULL, sum BLOB NOT NULL
) STRICT;
CREATE TABLE spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, monitor INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL, sum BLOB NOT NULL
) STRICT;
CREATE TABLE models (
    id INTEGER PRIMARY KEY, space INTEGER NOT NULL, name TEXT NOT NULL, sum BLOB NOT NULL
) STRICT;
CREATE TABLE sides (
    number INTEGER PRIMARY KEY, space INTEGER NOT NULL, model INTEGER NOT NULL,
    image ANY NOT NULL, revision INTEGER NOT NULL, digest BLOB NOT NULL,
    boxes INTEGER NOT NULL, time_us INTEGER NOT NULL, arrived_us INTEGER NOT NULL,
    facts TEXT NOT NULL, sum BLOB NOT NULL, rows BLOB NOT NULL
) STRICT;
CREATE TABLE current (
    space INTEGER NOT NULL, image ANY NOT NULL, model INTEGER NOT NULL,
    number INTEGER NOT NULL, until_us INTEGER NOT NULL, boxes INTEGER NOT NULL,
    joined INTEGER NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (space, image, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX current_by_time ON current (space, until_us);
CREATE TABLE superseded (
    space INTEGER NOT NULL, at INTEGER NOT NULL, side INTEGER NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (space, at, side)
) STRICT, WITHOUT ROWID;
CREATE TABLE changes (
    space INTEGER NOT NULL, number INTEGER NOT NULL, model INTEGER NOT NULL,
    image ANY NOT NULL, predictions_before INTEGER NOT NULL,
    predictions_after INTEGER NOT NULL, truth_before INTEGER NOT NULL,
    truth_after INTEGER NOT NULL, partners TEXT NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY (space, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE parts (
    space INTEGER NOT NULL, store TEXT NOT NULL, part TEXT NOT NULL,
    number INTEGER NOT NULL, sum BLOB NOT NULL, value BLOB NOT NULL,
    UNIQUE (space, store, part)
) STRICT;
"""
# Number: image and boxes. The first was replaced by the last, behind the checkpoint.
SIDES: dict[int, tuple[int | str, bytes]] = {1: ("x", b"old"), 2: (2, b"two"), 5: ("x", b"new")}
_LOWEST = -(1 << 63)  # revision 0


def write_version_1(path: Path) -> None:
    """Write a journal with one monitor, one model, two images, a correction and a checkpoint."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
        connection.execute("PRAGMA application_id = 0x42474A4C")
        connection.execute("PRAGMA user_version = 1")
        _put(connection, "monitors", (1, "cam"), b"definition")
        _put(connection, "spaces", (1, 1, 4))
        _put(connection, "models", (1, 1, "a"))
        facts = '[["camera=north"],"",""]'
        for number, (image, rows) in SIDES.items():
            revision = _LOWEST + (number == 5)
            columns = (1, 1, image, revision, bytes(16), 2, 1000, 2000, facts)
            _put(connection, "sides", (number, *columns), rows, is_sum_before=True)
        for number in (2, 5):
            _put(connection, "current", (1, SIDES[number][0], 1, number, 1000, 2, 0))
        _put(connection, "superseded", (1, 6, 1))
        _put(connection, "changes", (1, 6, 1, "x", 1, 5, 0, 0, ""))
        _put(connection, "parts", (1, "quality a", "hour", 4), b"tally", is_sum_before=True)


def _put(
    connection: sqlite3.Connection,
    table: str,
    columns: tuple[object, ...],
    bulk: bytes | None = None,
    *,
    is_sum_before: bool = False,
) -> None:
    made = blake2b(ascii((table, len(bulk or b""), columns)).encode(), digest_size=8)
    if bulk:
        made.update(bulk)
    rest = [made.digest()]
    if bulk is not None:
        rest = [*rest, bulk] if is_sum_before else [bulk, *rest]
    values = (*columns, *rest)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608 (named here)
