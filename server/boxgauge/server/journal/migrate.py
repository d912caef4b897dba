"""Migration: a journal of an older format becomes one of this version's, in one transaction."""

import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal.ledger import Ledger
from boxgauge.server.journal.schema import VERSION, connect
from boxgauge.server.journal.sums import check_sum, row_sum
from boxgauge.server.journal.tables import NAMES

_LOG = logging.getLogger(__name__)
_SPARE = 64 * 2**20  # beside the copy, for the transaction itself


def migrate(path: Path, version: int, *, wait_s: float) -> None:
    """Bring a journal to this version's format, step by step; a copy of it is kept beside it.

    Args:
        path: Of the journal.
        version: That it has.
        wait_s: How long another process may take to let go of it.

    Raises:
        FailedPreconditionError: Another process has it.
        ResourceExhaustedError: There is no room for the copy.
        DataLossError: A row that a step rewrites is damaged.
    """
    kept = path.with_name(f"{path.name}.v{version}")
    with closing(connect(path, wait_s=wait_s)) as connection:
        _copy(connection, path, kept)
        connection.execute("BEGIN IMMEDIATE")
        for before in range(version, VERSION):
            _STEPS[before](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    _LOG.warning(
        "the journal %s had format %d and has format %d now; as it was it is kept as %s",
        path,
        version,
        VERSION,
        kept.name,
    )


def _copy(connection: sqlite3.Connection, path: Path, kept: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    needed = path.stat().st_size + (log.stat().st_size if log.exists() else 0) + _SPARE
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise ResourceExhaustedError(
            f"the journal {path} has an older format, and is copied before it is changed: that"
            f" needs {needed} bytes, and {free} are free",
            field="journal",
            value=path,
        )
    kept.unlink(missing_ok=True)
    # By SQLite, for what is in the log alone, and since closing a file lets go of its lock.
    with closing(sqlite3.connect(kept)) as copy:
        connection.backup(copy)


def _from_1(connection: sqlite3.Connection) -> None:
    """Add the ledger, and say of each space how much of it has expired and whether it lacks."""
    spaces = connection.execute("SELECT id, monitor, checkpoint, sum FROM spaces").fetchall()
    for space, monitor, checkpoint, found in spaces:
        check_sum("spaces", space, found, (space, monitor, checkpoint))
    for column in ("expired", "is_lacking"):
        connection.execute(f"ALTER TABLE spaces ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    for space, monitor, checkpoint, _ in spaces:
        # Nobody noted whether some had: where there are parts, they may count such.
        (expired,) = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM parts WHERE space = ?)", (space,)
        ).fetchone()
        connection.execute(
            "UPDATE spaces SET expired = ?, sum = ? WHERE id = ?",
            (expired, row_sum("spaces", (space, monitor, checkpoint, expired, 0)), space),
        )
    connection.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, state BLOB NOT NULL) STRICT")
    ledger = Ledger(is_open=False)
    for name in NAMES:
        # As they say themselves: the start verifies them, and misses those that do not.
        sums = connection.execute(f"SELECT sum FROM {name}")  # noqa: S608 (names of ours)
        ledger.totals[name].add(found for (found,) in sums)
    # A number can only vanish from the tables below a checkpoint, which is one too.
    (ledger.number,) = connection.execute(
        "SELECT max((SELECT coalesce(max(number), 0) FROM sides),"
        " (SELECT coalesce(max(at), 0) FROM superseded),"
        " (SELECT coalesce(max(number), 0) FROM changes),"
        " (SELECT coalesce(max(checkpoint), 0) FROM spaces))"
    ).fetchone()
    connection.execute("INSERT INTO ledger VALUES (1, ?)", (ledger.to_bytes(),))


_STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {1: _from_1}
