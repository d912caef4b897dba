"""The open journal as its thread sees it: the connection, the monitors' spaces, the numbers."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from boxgauge.frames import NotFoundError
from boxgauge.server.journal.schema import PAGE_BYTES
from boxgauge.server.journal.sums import check_sum, damaged, row_sum
from boxgauge.server.journal.types import TRUTH

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]  # as SQLite returns it
TRUTH_ID = 0
# Keys of one statement: long enough to amortise it, short enough for few variants.
_KEYS = 128


@dataclass(slots=True)
class Space:
    """What is kept of one monitor from its creation, or its last reset, on.

    Attributes:
        id: Key of its rows, never given twice.
        monitor: Its id.
        checkpoint: Changes up to this number are in the parts kept, and are forgotten.
        last: Number of the last change here, expiry included.
        models: Ids by name; ground truth is one.
        names: The reverse.
    """

    id: int
    monitor: int
    checkpoint: int
    last: int = 0
    models: dict[str, int] = field(default_factory=lambda: {TRUTH: TRUTH_ID})
    names: dict[int, str] = field(default_factory=lambda: {TRUTH_ID: TRUTH})

    def name_of(self, model: int) -> str:
        """Return the name of a model of which there are rows.

        Raises:
            DataLossError: The model's own row is gone.
        """
        name = self.names.get(model)
        if name is None:
            raise damaged("models", model, "is missing")
        return name


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
        file_bytes: As last committed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.spaces: dict[int, Space] = {}
        self.discarded: list[int] = []
        self.unswept: set[int] = set()
        self.number = 0
        self.file_bytes = 0
        self._next_model = 1
        self._measure()
        self.reload()

    def reload(self) -> None:
        """Read monitors' spaces, their models and the numbers anew."""
        last = {space.id: space.last for space in self.spaces.values()}
        self.spaces, self.discarded = {}, []
        by_id: dict[int, Space] = {}
        for space, monitor, checkpoint, found in self.connection.execute(
            "SELECT id, monitor, checkpoint, sum FROM spaces ORDER BY id"
        ):
            check_sum("spaces", space, found, (space, monitor, checkpoint))
            if monitor:
                by_id[space] = self.spaces[monitor] = Space(space, monitor, checkpoint)
            else:
                self.discarded.append(space)
        for model, space, name, found in self.connection.execute(
            "SELECT id, space, name, sum FROM models ORDER BY id"
        ):
            check_sum("models", model, found, (model, space, name))
            self._next_model = max(self._next_model, model + 1)
            if space in by_id:
                by_id[space].models[name] = model
                by_id[space].names[model] = name
        self.number = max(self.number, self._last_number())
        for each in self.spaces.values():
            each.last = last.get(each.id, self.number)
            self.unswept.add(each.id)

    def execute(self, statement: str) -> None:
        """Execute a statement that gives nothing back."""
        self.connection.execute(statement)

    def commit(self) -> None:
        """Commit, on disk, what was done."""
        self.connection.execute("COMMIT")
        self._measure()

    def settle_log(self) -> None:
        """Synchronise the write-ahead log and copy it into the file."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def touch(self) -> None:
        """Write a page as it is: that shows whether there is room for one."""
        (version,) = self.connection.execute("PRAGMA user_version").fetchone()
        self.connection.execute(f"PRAGMA user_version = {version}")

    def roll_back(self) -> None:
        """Go back to what was last committed."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.reload()

    def close(self) -> None:
        """Close the file, all of it in its place: no write-ahead log remains."""
        self.connection.close()

    def _measure(self) -> None:
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        self.file_bytes = pages * PAGE_BYTES

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

    def add_model(self, space: Space, name: str) -> int:
        """Return the id of a new model."""
        model = self._next_model
        self._next_model += 1
        self.connection.execute(
            "INSERT INTO models VALUES (?, ?, ?, ?)",
            (model, space.id, name, row_sum("models", (model, space.id, name))),
        )
        space.models[name] = model
        space.names[model] = name
        return model

    def open_space(self, monitor: int) -> None:
        """Give a monitor a space with nothing in it."""
        # The number as checkpoint: it may have been given to rows that are discarded.
        space = self.put_space(None, monitor, self.number)
        self.spaces[monitor] = Space(space, monitor, self.number, self.number)

    def discard_space(self, monitor: int) -> None:
        """Take a monitor's space from it.

        Raises:
            NotFoundError: There is no such monitor.
        """
        space = self.space(monitor).id
        self.put_space(space, 0, self.number)
        del self.spaces[monitor]
        self.discarded.append(space)

    def put_space(self, space: int | None, monitor: int, checkpoint: int) -> int:
        """Write the row of a space and return its id, a new one where None is given."""
        if space is None:
            made = self.connection.execute(
                "INSERT INTO spaces (monitor, checkpoint, sum) VALUES (0, 0, x'')"
            )
            space = int(made.lastrowid or 0)
        self.connection.execute(
            "UPDATE spaces SET monitor = ?, checkpoint = ?, sum = ? WHERE id = ?",
            (monitor, checkpoint, row_sum("spaces", (space, monitor, checkpoint)), space),
        )
        return space

    def _last_number(self) -> int:
        """Return the highest number that the file knows.

        A number can only vanish from the tables below a checkpoint, which is one too.
        """
        (found,) = self.connection.execute(
            "SELECT max((SELECT coalesce(max(number), 0) FROM sides),"
            " (SELECT coalesce(max(at), 0) FROM superseded),"
            " (SELECT coalesce(max(number), 0) FROM changes),"
            " (SELECT coalesce(max(checkpoint), 0) FROM spaces))"
        ).fetchone()
        return int(found)


def in_chunks(keys: Sequence[T]) -> Iterator[tuple[str, list[T]]]:
    """Yield the keys in parts, each with the placeholders of an ``IN`` list.

    The last key is repeated up to the next power of two, so that few statements are compiled.
    """
    for start in range(0, len(keys), _KEYS):
        part = list(keys[start : start + _KEYS])
        wanted = 1 << (len(part) - 1).bit_length()
        part += [part[-1]] * (wanted - len(part))
        yield ",".join("?" * wanted), part
