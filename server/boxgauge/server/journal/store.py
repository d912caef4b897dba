"""The open journal as its thread sees it: the connection, the monitors' spaces, the numbers."""

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from io import RawIOBase
from typing import Any, TypeVar

from boxgauge.frames import (
    FailedPreconditionError,
    NotFoundError,
    ResourceExhaustedError,
    UnavailableError,
)
from boxgauge.server.journal.ledger import Ledger
from boxgauge.server.journal.mark import Mark
from boxgauge.server.journal.schema import LOG_PAGES, PAGE_BYTES
from boxgauge.server.journal.snapshot import Freezing, Snapshot
from boxgauge.server.journal.space import Space, read_spaces
from boxgauge.server.journal.trouble import is_no_room, is_unsynced, no_room, unsynced

_LOG = logging.getLogger(__name__)
T = TypeVar("T")


class Store:
    """The connection and what is known without asking it.

    Only the journal's thread may use it. After a transaction was rolled back, `reload`
    brings it back to what the file says; numbers that were given are not given again.

    Attributes:
        connection: Open, in autocommit mode.
        spaces: By monitor.
        discarded: Spaces whose rows are still to be removed.
        unswept: Spaces where a checkpoint may cover rows that are still to be removed.
        number: The last one given.
        next_model: The id of the next new model.
        file_bytes: Those in use, as last committed.
        free_bytes: Those of the file that will be used again.
        ledger: What there is of each table now.
        mark: Where every commit is marked; None: nowhere.
        reader: The file, to be copied; closed after the connection.
        snapshot: The file as it stands still; None: it does not.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.mark: Mark | None = None
        self.reader: RawIOBase | None = None
        self.snapshot: Snapshot | None = None
        self._is_marked = self._is_noted = True
        self._is_closing = False
        self._freezing: Freezing | None = None
        self._changes = connection.total_changes
        self._acknowledged: Ledger | None = None
        self.spaces: dict[int, Space] = {}
        self.discarded: list[int] = []
        self.unswept: set[int] = set()
        self.number = 0
        self.file_bytes = self.free_bytes = 0
        self.ledger = Ledger()
        self.next_model = 1
        self._measure()
        self.reload()

    def reload(self) -> None:
        """Read the ledger, monitors' spaces, their models and the numbers anew."""
        (state,) = self.connection.execute("SELECT state FROM ledger").fetchone()
        self.ledger, self._is_noted = Ledger.from_bytes(state), True
        last = {space.id: space.last for space in self.spaces.values()}
        found = read_spaces(self.connection)
        self.spaces, self.discarded = found.spaces, found.discarded
        self.next_model = max(self.next_model, found.next_model)
        self.number = max(self.number, self.ledger.number)
        for each in self.spaces.values():
            each.last = last.get(each.id, self.number)
            self.unswept.add(each.id)

    def execute(self, statement: str) -> None:
        """Execute a statement that gives nothing back."""
        self.connection.execute(statement)

    def begin(self, acknowledged: Ledger | None, lost: int) -> None:
        """Say, in the file itself and not in its log alone, that a process has it.

        Args:
            acknowledged: What was marked; numbers and commits go on behind it.
            lost: Rows and numbers that are given up now.
        """
        self._acknowledged = acknowledged
        if acknowledged is not None:
            self.number = max(self.number, acknowledged.number)
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.ledger.lost += lost
            self._write_ledger()
            self.commit()
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            if is_unsynced(error):
                raise unsynced(error) from None
            # A full disk; the first commit that there is room for says it.
            _LOG.warning("the journal cannot be written yet", exc_info=True)
            self.roll_back()

    def do(self, run: "Callable[[Store], T]") -> T:
        """Return what a job gives; the ledger is written behind it, in its savepoint."""
        result = run(self)
        self.note()
        return result

    def came(self, table: str, sums: Iterable[bytes]) -> None:
        """Count rows that were put in, by their checksums."""
        self.ledger.totals[table].add(sums)
        self._is_noted = False

    def went(self, table: str, sums: Iterable[bytes]) -> None:
        """Count rows that were taken out, by their checksums."""
        self.ledger.totals[table].remove(sums)
        self._is_noted = False

    def note(self) -> None:
        """Write the ledger down where it has changed, so that it is undone with what it counts."""
        if not self._is_noted:
            self._write_ledger()

    def commit(self) -> None:
        """Commit, on disk, what was done, and mark that it is there.

        Raises:
            OSError: It cannot be marked: it is there, but nobody may be told.
        """
        connection = self.connection
        has_changed = connection.total_changes != self._changes
        if has_changed:
            known = 0 if self._acknowledged is None else self._acknowledged.commits
            self.ledger.commits = max(self.ledger.commits, known) + 1
            self.ledger.number = self.number
            self.ledger.is_open = not self._is_closing
            self._write_ledger()
        connection.execute("COMMIT")
        self._changes = connection.total_changes
        if has_changed and self.mark is not None:
            self._is_marked = False
            self.mark.write(self.ledger)
            self._is_marked = True
        self._measure()
        if self._freezing is not None:
            asked, self._freezing = self._freezing, None
            self._freeze(asked)

    def freeze(self) -> Freezing:
        """Let the file stand still from this transaction's commit on, to be copied.

        Returns:
            What tells of it once that is committed; whoever finds a snapshot there lets it go,
            by `thaw`.

        Raises:
            FailedPreconditionError: There is no file.
            ResourceExhaustedError: It stands still already.
        """
        if self.reader is None:
            raise FailedPreconditionError(
                "nothing is kept on disk, and so there is nothing to back up", field="journal"
            )
        if self.snapshot is not None or self._freezing is not None:
            raise ResourceExhaustedError("one backup at a time: try again later", field="journal")
        self._freezing = Freezing()
        return self._freezing

    def thaw(self) -> None:
        """Let the file be written again; no part of a transaction, which may be undone."""
        self.snapshot = None
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")

    def _freeze(self, asked: Freezing) -> None:
        """Copy the log back, a file that is whole by itself, and not again until `thaw`."""
        try:
            self._seal()
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            if is_unsynced(error):
                raise  # nobody may be told anything any more, whatever it was asked for
            # The one who asked is told; what was committed before this is not touched.
            if is_no_room(error):
                asked.error = no_room(error)
            else:
                _LOG.exception("the journal's log could not be copied back")
                asked.error = UnavailableError(
                    "the journal's log could not be copied back: try again", field="journal"
                )
            self.roll_back()
            return
        finally:
            self._is_closing = False
        self.connection.execute("PRAGMA wal_autocheckpoint = 0")
        if self.reader is not None:
            asked.snapshot = self.snapshot = Snapshot.of(self.reader, self.ledger.number)

    def settle_log(self) -> None:
        """Synchronise the write-ahead log and copy it into the file."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def touch(self) -> None:
        """Write a page as it is: that shows whether there is room for one."""
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        self.connection.execute(f"PRAGMA user_version = {version}")

    def roll_back(self) -> None:
        """Go back to what was last committed.

        Raises:
            UnavailableError: What was committed could not be marked: only a start helps.
        """
        self._freezing = None
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self._changes = self.connection.total_changes  # what was undone is none
        if not self._is_marked:
            raise UnavailableError("the journal's mark could not be written", field="journal")
        self.reload()

    def close(self) -> None:
        """Close the file, all of it in its place: no write-ahead log remains."""
        try:
            if self._is_marked:
                self._seal()
        except (sqlite3.Error, OSError):
            # The mark says what there is, as after a crash.
            _LOG.exception("the journal could not be closed in order")
        self.connection.close()
        if self.mark is not None:
            self.mark.close()
        if self.reader is not None:
            self.reader.close()

    def _seal(self) -> None:
        """Say that the file is whole by itself."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN IMMEDIATE")
        self._is_closing = True
        self._write_ledger()
        self.commit()

    def _write_ledger(self) -> None:
        self.connection.execute("UPDATE ledger SET state = ?", (self.ledger.to_bytes(),))
        self._is_noted = True

    def _measure(self) -> None:
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        (free,) = self.connection.execute("PRAGMA freelist_count").fetchone()
        self.file_bytes, self.free_bytes = (pages - free) * PAGE_BYTES, free * PAGE_BYTES

    def space(self, monitor: int) -> Space:
        """Return the space of a monitor.

        Raises:
            NotFoundError: The journal does not have it.
        """
        found = self.spaces.get(monitor)
        if found is None:
            raise NotFoundError(
                f"the journal has no monitor {monitor}", field="monitor", value=monitor
            )
        return found

    def next_number(self) -> int:
        """Return a number above all that were given."""
        self.number += 1
        return self.number

    def sums(self, statement: str, parameters: Sequence[Any]) -> list[bytes]:
        """Return the checksums that a statement selects, or returns of what it deletes."""
        return [found for (found,) in self.connection.execute(statement, parameters).fetchall()]
