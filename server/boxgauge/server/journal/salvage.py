"""Reading a damaged file: every row that can be reached and is as it was written."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from boxgauge.server.journal.most import most_rows
from boxgauge.server.journal.tables import Table

_FIRST, _LAST = -(2**63), 2**63 - 1
# Of one table: behind a damaged inner page each number is asked for by itself.
_QUERIES = 200_000
# Of a table that has few numbers, by the rows there is room for.
_QUERIES_AT_LEAST, _ROWS_A_QUERY = 4096, 4
# Pages that name each other may be walked through without end. A file is read from both ends, and
# again up to where that stopped, with something to spare.
_TIMES = 8
_STEPS_A_ROW = 64  # of SQLite's machine: a few for each column
_STEPS = 1000  # between two looks at how many there were
_MOST_IDS = 65_536  # of tables whose last number is not known


def rows_that_verify(
    connection: sqlite3.Connection, table: Table, last: int, damaged: set[int]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table that can be reached and verify, some perhaps twice.

    Args:
        connection: To the damaged file.
        table: Which.
        last: The highest number that a side can have.
        damaged: Gets the numbers that rows without their checksum seem to have.
    """
    reader = _Reader(connection, table, damaged)
    connection.set_progress_handler(reader.is_too_long, _STEPS)
    try:
        if table.is_by_rowid:
            yield from reader.by_rowid(last if table.name == "sides" else None)
        else:
            yield from reader.from_both_ends()
    finally:
        connection.set_progress_handler(None, 0)


class _Reader:
    """Reads a table from both ends, and what is between by halves."""

    def __init__(self, connection: sqlite3.Connection, table: Table, damaged: set[int]) -> None:
        self._connection = connection
        self._table = table
        self._damaged = damaged
        self._most = most_rows(connection)
        self._left = _QUERIES
        if table.name != "sides":
            self._left = min(_QUERIES, _QUERIES_AT_LEAST + self._most // _ROWS_A_QUERY)
        self._rows_left = _TIMES * self._most
        self._steps_left = 0
        self._is_through = False

    def is_too_long(self) -> bool:
        """Say, every so many steps, whether a statement has taken more than a whole table can."""
        self._steps_left -= _STEPS
        return self._steps_left < 0

    def from_both_ends(self) -> Iterator[tuple[Any, ...]]:
        """Yield rows from the first on, and from the last back where something stops that."""
        for way in ("ASC", "DESC"):
            order = ", ".join(f"{column} {way}" for column in self._table.order)
            for row in self._rows(f"ORDER BY {order}"):
                yield from self._good(row[1:])
            if self._is_through:
                return

    def by_rowid(self, last: int | None) -> Iterator[tuple[Any, ...]]:
        """Yield rows, those between two that cannot be read too."""
        key = self._table.order[0]
        ranges = [(_FIRST, _LAST if last is None else last)]
        while ranges and self._left > 0 and self._rows_left > 0:
            low, high = ranges.pop()
            for way in ("ASC", "DESC"):
                condition = f"WHERE {key} BETWEEN {low} AND {high} ORDER BY {key} {way}"
                for row in self._rows(condition):
                    if way == "ASC":
                        low = max(low, row[0] + 1)
                    else:
                        high = min(high, row[0] - 1)
                    yield from self._good(row[1:])
                if self._is_through or low >= high:
                    break
            if self._is_through or low >= high:
                continue
            low = max(low, 0)
            if last is None:
                high = min(high, low + _MOST_IDS)
            middle = (low + high) // 2
            ranges += [(middle + 1, high), (low, middle)]

    def _good(self, row: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        if self._table.verifies(row):
            yield row
        elif isinstance(row[self._table.number], int):
            self._damaged.add(row[self._table.number])

    def _rows(self, condition: str) -> Iterator[tuple[Any, ...]]:
        """Yield the key and the columns of rows until there are no more, or an error."""
        self._left -= 1
        self._is_through = False
        self._steps_left = _STEPS_A_ROW * (self._most + _STEPS)
        key = self._table.order[0]
        statement = f"SELECT {key}, {self._table.selected} FROM {self._table.name} {condition}"  # noqa: S608 (names of ours)
        read = 0
        try:
            for row in self._connection.execute(statement):
                read += 1
                self._rows_left -= 1
                yield row
                if read > self._most:
                    return
            self._is_through = True
        except (sqlite3.DatabaseError, OverflowError):
            if self._steps_left < 0:
                return
            # The row before the one that cannot be read was withheld with it.
            self._rows_left -= read
            yield from self._one(f"{statement} LIMIT 1 OFFSET {read}")

    def _one(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement).fetchall()
        except (sqlite3.DatabaseError, OverflowError):
            return []
