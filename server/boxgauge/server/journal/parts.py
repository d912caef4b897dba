"""Monitors' definitions, and the checkpoints of what was made of their changes."""

from collections.abc import Mapping

from boxgauge.frames import AlreadyExistsError, InvalidInputError
from boxgauge.server.journal.spaces import discard_space, open_space, put_space
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import check_sum, row_sum
from boxgauge.server.journal.types import KeptMonitor

_TAKE_OUT = "DELETE FROM parts WHERE space = ? AND store = ? AND part = ? RETURNING sum"
Parts = dict[str, dict[str, bytes]]


def monitors(store: Store) -> list[KeptMonitor]:
    """Return all monitors in the order of their creation.

    Raises:
        DataLossError: A row is damaged.
    """
    found = []
    for monitor, name, definition, there in store.connection.execute(
        "SELECT id, name, definition, sum FROM monitors ORDER BY id"
    ):
        check_sum("monitors", monitor, there, (monitor, name), definition)
        found.append(KeptMonitor(monitor, name, definition))
    return found


def create(store: Store, name: str, definition: bytes) -> int:
    """Keep a new monitor and return its id, which is never given twice.

    Raises:
        AlreadyExistsError: There is one of this name.
    """
    connection = store.connection
    if connection.execute("SELECT 1 FROM monitors WHERE name = ?", (name,)).fetchone():
        raise AlreadyExistsError(
            f"the journal has a monitor {name} already", field="monitor", value=name
        )
    made = connection.execute(
        "INSERT INTO monitors (name, definition, sum) VALUES (?, ?, x'')", (name, definition)
    )
    monitor = int(made.lastrowid or 0)
    found = row_sum("monitors", (monitor, name), definition)
    connection.execute("UPDATE monitors SET sum = ? WHERE id = ?", (found, monitor))
    store.came("monitors", [found])
    open_space(store, monitor)
    return monitor


def delete(store: Store, monitor: int) -> None:
    """Forget a monitor at once; its rows are removed little by little.

    Raises:
        NotFoundError: There is no such monitor.
    """
    discard_space(store, monitor)
    store.went(
        "monitors", store.sums("DELETE FROM monitors WHERE id = ? RETURNING sum", (monitor,))
    )


def reset(store: Store, monitor: int) -> None:
    """Forget all of a monitor but its definition; its rows are removed little by little.

    Raises:
        NotFoundError: There is no such monitor.
    """
    discard_space(store, monitor)
    open_space(store, monitor)


def checkpoint(
    store: Store, monitor: int, parts: Mapping[str, Mapping[str, bytes | None]], number: int
) -> None:
    """Keep parts that reflect all changes up to a number, and forget those changes.

    Raises:
        NotFoundError: There is no such monitor.
        InvalidInputError: The number is lower than that of the last checkpoint, or was not
            given yet.
    """
    space = store.space(monitor)
    if not space.checkpoint <= number <= store.number:
        wanted = f"from the last checkpoint, {space.checkpoint}, to {store.number}"
        raise InvalidInputError.at("number", number, wanted)
    rows = []
    for name, values in parts.items():
        for key, value in values.items():
            columns = (space.id, name, key)
            store.went("parts", store.sums(_TAKE_OUT, columns))
            if value is not None:
                rows.append((*columns, number, row_sum("parts", (*columns, number), value), value))
    store.connection.executemany("INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?)", rows)
    store.came("parts", [row[4] for row in rows])
    space.checkpoint, space.is_lacking = number, False
    put_space(store, space)
    store.unswept.add(space.id)


def read_parts(store: Store, monitor: int) -> tuple[Parts, int]:
    """Return the parts by store and key, and the number up to which they reflect changes.

    Raises:
        NotFoundError: There is no such monitor.
        DataLossError: A row is damaged.
    """
    space = store.space(monitor)
    found: Parts = {}
    for row in store.connection.execute(
        "SELECT space, store, part, number, sum, value FROM parts WHERE space = ?", (space.id,)
    ):
        check_sum("parts", row[3], row[4], row[:4], row[5])
        found.setdefault(row[1], {})[row[2]] = row[5]
    return found, space.checkpoint
