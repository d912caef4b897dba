"""Removal of rows that nobody can read any more, a little at a time."""

from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import check_sum

# Of one step, so that no commit waits long for it; more than a message brings.
_SIDES, _ENTRIES = 256, 2048


def sweep(store: Store) -> bool:
    """Remove some rows, if there are any to remove, and say whether there may be more."""
    for space in list(store.spaces.values()):
        if space.id in store.unswept:
            if _remove_up_to(store, space.id, space.checkpoint):
                return True
            store.unswept.discard(space.id)
    if store.discarded:
        space_id = store.discarded[0]
        if not _remove_all(store, space_id):
            store.discarded.pop(0)
    return bool(store.discarded or store.unswept)


def _remove_up_to(store: Store, space_id: int, checkpoint: int) -> bool:
    """Remove changes that a checkpoint covers and sides superseded by then."""
    rows = store.connection.execute(
        "SELECT space, at, side, sum FROM superseded WHERE space = ? AND at <= ?"
        " ORDER BY at, side LIMIT ?",
        (space_id, checkpoint, _SIDES),
    ).fetchall()
    for row in rows:
        check_sum("superseded", row[2], row[3], row[:3])
    _remove_sides(store, space_id, [row[2] for row in rows])
    store.connection.executemany(
        "DELETE FROM superseded WHERE space = ? AND at = ? AND side = ?",
        [row[:3] for row in rows],
    )
    made = store.connection.execute(
        "DELETE FROM changes WHERE space = ? AND number IN (SELECT number FROM changes"
        " WHERE space = ? AND number <= ? ORDER BY number LIMIT ?)",
        (space_id, space_id, checkpoint, _ENTRIES),
    )
    return len(rows) == _SIDES or made.rowcount == _ENTRIES


def _remove_all(store: Store, space_id: int) -> bool:
    """Remove some of a discarded space, its own row at last, and say whether there is more."""
    if _remove_up_to(store, space_id, store.number):
        return True
    rows = store.connection.execute(
        "SELECT image, model, number FROM current WHERE space = ? LIMIT ?", (space_id, _SIDES)
    ).fetchall()
    _remove_sides(store, space_id, [number for _, _, number in rows])
    store.connection.executemany(
        "DELETE FROM current WHERE space = ? AND image = ? AND model = ?",
        [(space_id, image, model) for image, model, _ in rows],
    )
    if len(rows) == _SIDES:
        return True
    store.connection.execute("DELETE FROM parts WHERE space = ?", (space_id,))
    store.connection.execute("DELETE FROM models WHERE space = ?", (space_id,))
    store.connection.execute("DELETE FROM spaces WHERE id = ?", (space_id,))
    return False


def _remove_sides(store: Store, space_id: int, numbers: list[int]) -> None:
    # Only those of this space: a damaged number must not remove another one's side.
    store.connection.executemany(
        "DELETE FROM sides WHERE number = ? AND space = ?",
        [(number, space_id) for number in numbers],
    )
