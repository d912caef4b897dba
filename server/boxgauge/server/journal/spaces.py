"""Spaces of monitors, given and taken away, and the models in them."""

from dataclasses import replace

from boxgauge.server.journal.space import Space
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import row_sum


def add_model(store: Store, space: Space, name: str) -> int:
    """Return the id of a new model."""
    model = store.next_model
    store.next_model += 1
    found = row_sum("models", (model, space.id, name))
    store.connection.execute(
        "INSERT INTO models VALUES (?, ?, ?, ?)", (model, space.id, name, found)
    )
    store.came("models", [found])
    space.models[name] = model
    space.names[model] = name
    return model


def open_space(store: Store, monitor: int) -> None:
    """Give a monitor a space with nothing in it."""
    made = store.connection.execute(
        "INSERT INTO spaces (monitor, checkpoint, sum) VALUES (0, 0, x'')"
    )
    # The number as checkpoint: it may have been given to rows that are discarded.
    space = Space(int(made.lastrowid or 0), monitor, store.number, store.number)
    _write_space(store, space)
    store.spaces[monitor] = space


def discard_space(store: Store, monitor: int) -> None:
    """Take a monitor's space from it.

    Raises:
        NotFoundError: There is no such monitor.
    """
    space = store.space(monitor)
    put_space(store, replace(space, monitor=0, checkpoint=store.number))
    del store.spaces[monitor]
    store.discarded.append(space.id)


def put_space(store: Store, space: Space) -> None:
    """Write the row of a space anew."""
    store.went("spaces", store.sums("SELECT sum FROM spaces WHERE id = ?", (space.id,)))
    _write_space(store, space)


def _write_space(store: Store, space: Space) -> None:
    told = (space.monitor, space.checkpoint, space.expired, int(space.is_lacking))
    found = row_sum("spaces", (space.id, *told))
    store.connection.execute(
        "UPDATE spaces SET monitor = ?, checkpoint = ?, expired = ?, is_lacking = ?, sum = ?"
        " WHERE id = ?",
        (*told, found, space.id),
    )
    store.came("spaces", [found])
