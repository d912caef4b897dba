"""The journal's file: its tables, its format version, and connections to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from boxgauge.frames import DataLossError, FailedPreconditionError, InvalidInputError
from boxgauge.server.journal.ledger import Ledger

VERSION = 2  # of a new file; `migrate` brings older ones there
APPLICATION_ID = 0x42474A4C  # "BGJL"
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables, whose ANY columns keep 1 and "1" apart
_CACHE_KIB = 32 * 1024
PAGE_BYTES = 4096
# Pages in the write-ahead log before they are copied into the file: the commit that copies them
# takes the longer the more there are.
LOG_PAGES = 1000
# To which the log is cut once a backup, during which nothing is copied back, let it grow.
_LOG_BYTES = 16 * 2**20

# Columns are in the order of reading: a row's boxes come last, since SQLite walks
# through all pages of what stands before a column.
_TABLES = """
CREATE TABLE monitors (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    definition BLOB NOT NULL, sum BLOB NOT NULL
) STRICT;
CREATE TABLE spaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT, monitor INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL, sum BLOB NOT NULL,
    expired INTEGER NOT NULL DEFAULT 0, is_lacking INTEGER NOT NULL DEFAULT 0
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
CREATE TABLE ledger (id INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT;
"""


def connect(path: Path | None, *, wait_s: float) -> sqlite3.Connection:
    """Return a connection that alone may use the file, with tables in it.

    Args:
        path: Of the file; None: a nameless temporary one that is gone with the connection.
        wait_s: How long another process may take to let go of it.

    Raises:
        InvalidInputError: There can be no such file.
        FailedPreconditionError: Another process has it.
        DataLossError: It is no readable database.
    """
    name = "" if path is None else str(path)
    with _told(name):
        connection = sqlite3.connect(
            name,
            timeout=wait_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            _prepare(connection, name)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def reading(path: Path, *, wait_s: float) -> Iterator[sqlite3.Connection]:
    """Yield a connection that reads the file and its log, and changes neither of them.

    Raises:
        InvalidInputError: There is no such file.
        FailedPreconditionError: Another process has it.
        DataLossError: It is no readable database.
    """
    check_sqlite()
    shared = path.with_name(f"{path.name}-shm")
    was_there = shared.exists()
    try:
        with _told(str(path)), closing(_connected_to_read(path, wait_s)) as connection:
            yield connection
    finally:
        if not was_there:
            shared.unlink(missing_ok=True)  # an index of the log, made anew whenever it is read


def _connected_to_read(path: Path, wait_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro", uri=True, timeout=wait_s, isolation_level=None
    )
    try:
        connection.text_factory = decoded
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        # Which is when the log is looked through, and another's lock is noticed.
        connection.execute("BEGIN").execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error) or not path.is_file():
            raise
        # Reading needs a file for its index of the log; writing alone has that in memory.
        return connect(path, wait_s=wait_s)
    except BaseException:
        connection.close()
        raise
    return connection


def check_sqlite() -> None:
    """Check that SQLite is new enough.

    Raises:
        FailedPreconditionError: It is not.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise FailedPreconditionError(
            f"the journal needs SQLite {wanted} or later: got {sqlite3.sqlite_version}"
        )


def decoded(raw: bytes) -> str:
    """Return a text; a damaged one must reach its checksum rather than fail to decode."""
    return str(raw, "utf-8", "surrogateescape")


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    """Set the connection up, take the lock, and see that the tables are there."""
    check_sqlite()
    connection.text_factory = decoded
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    is_new = format_of(connection, name) == 0
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
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    else:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
    # Also where there is nothing to make: in this locking mode the first write takes the
    # lock and keeps it.
    connection.execute("BEGIN IMMEDIATE")
    if is_new:
        make_tables(connection, Ledger())
    connection.execute("COMMIT")


def make_tables(connection: sqlite3.Connection, ledger: Ledger) -> None:
    """Make the tables of an empty file."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO ledger VALUES (1, ?)", (ledger.to_bytes(),))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def format_of(connection: sqlite3.Connection, name: str) -> int:
    """Return the format version of a file; 0: it is empty.

    Raises:
        FailedPreconditionError: It is of a later version, or another program's.
    """
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if found == 0 and version == 0 and tables == 0:
        return 0
    if found != APPLICATION_ID:
        raise FailedPreconditionError(
            f"{name} is a database of another program, not a journal", field="journal", value=name
        )
    if not 1 <= version <= VERSION:
        raise FailedPreconditionError(
            f"the journal {name} has format {version}: this version reads format {VERSION}"
            " and older ones",
            field="journal",
            value=version,
        )
    return int(version)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Tell errors of SQLite in words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise FailedPreconditionError(
                f"the journal {name} is in use by another process", field="journal", value=name
            ) from None
        raise InvalidInputError.at(
            "journal", f"{name or 'a temporary file'} ({error})", "a file that can be written"
        ) from None
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # The latter where SQLite's own words quote a damaged name.
        raise DataLossError(
            f"the journal {name} cannot be read: {error}", field="journal", value=name
        ) from None
