"""The journal's file: its tables, its format version, and how it is opened."""

import sqlite3
from pathlib import Path

from boxgauge.frames import DataLossError, FailedPreconditionError, InvalidInputError

VERSION = 1
APPLICATION_ID = 0x42474A4C  # "BGJL"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables, whose ANY columns keep 1 and "1" apart
_CACHE_KIB = 32 * 1024
PAGE_BYTES = 4096
# Pages in the write-ahead log before they are copied into the file: the commit that copies them
# takes the longer the more there are.
_LOG_PAGES = 1000

# Columns are in the order of reading: a row's boxes come last, since SQLite walks
# through all pages of what stands before a column.
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


def open_file(path: Path | None, *, wait_s: float) -> sqlite3.Connection:
    """Return a connection that alone may use the file; tables are made where there are none.

    Args:
        path: Of the file; None: a nameless temporary one that is gone with the connection.
        wait_s: How long another process may take to let go of it.

    Raises:
        InvalidInputError: There can be no such file.
        FailedPreconditionError: Another process has it, it is of a later version, or it is
            no journal.
        DataLossError: It is no readable database.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise FailedPreconditionError(
            f"the journal needs SQLite {wanted} or later: got {sqlite3.sqlite_version}"
        )
    name = "" if path is None else str(path)
    try:
        connection = sqlite3.connect(
            name,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.OperationalError as error:
        raise _no_file(name, error) from None
    try:
        _prepare(connection, name)
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise FailedPreconditionError(
                f"the journal {name} is in use by another process", field="journal", value=name
            ) from None
        raise _no_file(name, error) from None
    except sqlite3.DatabaseError as error:
        connection.close()
        raise DataLossError(
            f"the journal {name} cannot be read: {error}", field="journal", value=name
        ) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    """Set the connection up, take the lock, and see that the tables are there."""
    # A damaged text must reach its checksum rather than fail to decode.
    connection.text_factory = lambda raw: str(raw, "utf-8", "surrogateescape")
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    is_new = _check_format(connection, name)
    if name:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise FailedPreconditionError(
                f"the journal {name} must be on a file system that takes write-ahead logs:"
                f" got journal mode {mode}",
                field="journal",
                value=name,
            )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    else:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
    # Also where there is nothing to make: in this locking mode the first write takes the
    # lock and keeps it.
    connection.execute("BEGIN IMMEDIATE")
    if is_new:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        # Not of a file that has them: it must open where the disk is full, too.
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _check_format(connection: sqlite3.Connection, name: str) -> bool:
    """Say whether the file is empty; raise where it is neither that nor a journal of ours."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if found == 0 and version == 0 and tables == 0:
        return True
    if found != APPLICATION_ID:
        raise FailedPreconditionError(
            f"{name} is a database of another program, not a journal", field="journal", value=name
        )
    if version != VERSION:
        raise FailedPreconditionError(
            f"the journal {name} has format {version}: this version reads format {VERSION}",
            field="journal",
            value=version,
        )
    return False


def _no_file(name: str, error: sqlite3.Error) -> InvalidInputError:
    return InvalidInputError.at(
        "journal", f"{name or 'a temporary file'} ({error})", "a file that can be written"
    )
