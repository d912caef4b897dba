"""A damaged journal made whole again: the rows that verify, in order with each other, anew."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from boxgauge.server.journal.ledger import Ledger, Total
from boxgauge.server.journal.loss import Loss
from boxgauge.server.journal.mending import Mending
from boxgauge.server.journal.salvage import rows_that_verify
from boxgauge.server.journal.schema import PAGE_BYTES, decoded, make_tables
from boxgauge.server.journal.tables import NAMES, TABLES, Table

_AT_ONCE = 512
_UNKNOWN = 2**40
_HIGHEST = "SELECT max((SELECT coalesce(max(number), 0) FROM sides),\
 (SELECT coalesce(max(number), 0) FROM changes), (SELECT coalesce(max(checkpoint), 0) FROM spaces))"


def repaired(
    source: sqlite3.Connection, target: Path, here: Ledger | None, acknowledged: Ledger | None
) -> Loss:
    """Write what verifies to a new file, and return what is missing of what was acknowledged.

    Args:
        source: The damaged file.
        target: The new one, synchronised when this returns.
        here: What the damaged file's ledger says; None: it is damaged, too.
        acknowledged: What the mark says; None: there is none that can be read.

    Raises:
        sqlite3.OperationalError: The new file cannot be written.
    """
    loss = Loss()
    # What is in the file is held against its own ledger; the mark says what is not in it at all.
    known = Ledger() if here is acknowledged is None else (here or acknowledged or Ledger()).copy()
    if here is None and acknowledged is None:
        loss.untold = (
            "neither its ledger nor its mark can be read, so that nobody can tell what is missing"
        )
    elif here is not None:
        loss.behind(here, acknowledged)
    if acknowledged is not None:
        known.commits = max(known.commits, acknowledged.commits)
        known.number = max(known.number, acknowledged.number)
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.text_factory = decoded
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        make_tables(connection, known)
        damaged: dict[str, set[int]] = {name: set() for name in NAMES}
        last = known.number if not loss.untold else _UNKNOWN
        for table in TABLES:
            _copy(rows_that_verify(source, table, last, damaged[table.name]), connection, table)
        found = {name: _total(connection, name) for name in NAMES}
        Mending(connection, known, found, loss).mend(damaged["sides"])
        if loss.untold:
            ((known.number,),) = connection.execute(_HIGHEST).fetchall()
        known.totals = {name: _total(connection, name) for name in NAMES}
        known.commits += 1
        known.lost += loss.lost
        connection.execute("UPDATE ledger SET state = ?", (known.to_bytes(),))
        connection.execute("COMMIT")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return loss


def _copy(rows: Iterator[tuple[Any, ...]], target: sqlite3.Connection, table: Table) -> None:
    statement, some = table.inserted(), []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            target.executemany(statement, some)
            some = []
    target.executemany(statement, some)


def _total(connection: sqlite3.Connection, name: str) -> Total:
    total = Total()
    total.add(found for (found,) in connection.execute(f"SELECT sum FROM {name}"))  # noqa: S608 (names of ours)
    return total
