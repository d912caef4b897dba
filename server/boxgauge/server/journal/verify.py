"""Verification of a journal: each row against its checksum, all of them against the ledger."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from boxgauge.frames import DataLossError
from boxgauge.server.journal.ledger import Ledger, Total
from boxgauge.server.journal.most import most_rows
from boxgauge.server.journal.tables import TABLES, Table

_ROWS = 2048  # between two looks at the clock
_TELL_S = 2.0
OnProgress: TypeAlias = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far verification is.

    Attributes:
        rows: Verified so far.
        total: That there should be; 0: not known.
        seconds: Since it began.
    """

    rows: int
    total: int
    seconds: float


@dataclass(slots=True)
class Findings:
    """What verification found.

    Attributes:
        ledger: As the file says; None where it does not verify.
        totals: Of the rows that verify.
        faults: In words, what is not as it should be; empty: nothing.
    """

    ledger: Ledger | None
    totals: dict[str, Total] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Say how many rows verify."""
        return sum(each.rows for each in self.totals.values())


def verified(connection: sqlite3.Connection, on_progress: OnProgress) -> Findings:
    """Read all that a journal holds, and return what is as it was written and what is not."""
    found = Findings(read_ledger(connection))
    if found.ledger is None:
        found.faults.append("the ledger is damaged")
    clock = _Clock(found.ledger, on_progress)
    for table in TABLES:
        _verify(connection, table, found, clock)
    clock.tell()
    if not found.faults:
        # After the rows: what is found there can be named better.
        found.faults += _structure(connection)
    return found


def read_ledger(connection: sqlite3.Connection) -> Ledger | None:
    """Return the ledger; None where it cannot be trusted."""
    try:
        row = connection.execute("SELECT state FROM ledger").fetchone()
        return Ledger.from_bytes(row[0] if row else None)
    except (sqlite3.DatabaseError, DataLossError):
        return None


def _verify(connection: sqlite3.Connection, table: Table, found: Findings, clock: "_Clock") -> None:
    total = found.totals[table.name] = Total()
    place = len(table.columns)
    damaged: list[object] = []
    most = most_rows(connection)
    try:
        rows = connection.execute(f"SELECT {table.selected} FROM {table.name}")  # noqa: S608 (names of ours)
        while some := rows.fetchmany(_ROWS):
            good = [row for row in some if table.verifies(row)]
            total.add(row[place] for row in good)
            if len(good) < len(some):
                damaged += [row[table.number] for row in some if not table.verifies(row)]
            clock.count(len(some))
            if total.rows + len(damaged) > most:
                found.faults.append(f"{table.name} has more rows than there is room for")
                break
    except sqlite3.DatabaseError as error:
        found.faults.append(f"{table.name} cannot be read to the end ({error})")
    if damaged:
        found.faults.append(f"{len(damaged)} rows of {table.name} do not have their checksum")
    elif found.ledger is not None and total != found.ledger.totals[table.name]:
        wanted = found.ledger.totals[table.name]
        found.faults.append(
            f"{table.name} has {total.rows} rows"
            + (
                " that are not the ones written last"
                if total.rows == wanted.rows
                else f", of {wanted.rows}"
            )
        )


def _structure(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong: order of keys, indices, lists of free pages."""
    try:
        found = [text for (text,) in connection.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return [] if found == ["ok"] else found


class _Clock:
    """Tells of progress every other second."""

    def __init__(self, ledger: Ledger | None, on_progress: OnProgress) -> None:
        totals = {} if ledger is None else ledger.totals
        self._total = sum(each.rows for each in totals.values())
        self._on_progress = on_progress
        self._rows = 0
        self._began = self._told = time.monotonic()

    def count(self, rows: int) -> None:
        self._rows += rows
        if time.monotonic() - self._told > _TELL_S:
            self.tell()

    def tell(self) -> None:
        self._told = time.monotonic()
        self._on_progress(Progress(self._rows, self._total, self._told - self._began))
