"""Removal of rows that nobody can read any more, a little at a time."""

from boxgauge.server.journal.statements import in_chunks
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import check_sum

# Of one step, so that no commit waits long for it; more than a message brings.
_SIDES, _ENTRIES = 256, 2048


def sweep(store: Store) -> bool:
    """Remove some rows, if there are any to remove, and say whether there may be more."""
    try:
        return _swept(store)
    finally:
        store.note()


def _swept(store: Store) -> bool:
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
    store.went("superseded", [row[3] for row in rows])
    gone = store.sums(
        "DELETE FROM changes WHERE space = ? AND number IN (SELECT number FROM changes"
        " WHERE space = ? AND number <= ? ORDER BY number LIMIT ?) RETURNING sum",
        (space_id, space_id, checkpoint, _ENTRIES),
    )
    store.went("changes", gone)
    return len(rows) == _SIDES or len(gone) == _ENTRIES


def _remove_all(store: Store, space_id: int) -> bool:
    """Remove some of a discarded space, its own row at last, and say whether there is more."""
    if _remove_up_to(store, space_id, store.number):
        return True
    rows = store.connection.execute(
        "SELECT image, model, number, sum FROM current WHERE space = ? LIMIT ?",
        (space_id, _SIDES),
    ).fetchall()
    _remove_sides(store, space_id, [row[2] for row in rows])
    store.connection.executemany(
        "DELETE FROM current WHERE space = ? AND image = ? AND model = ?",
        [(space_id, image, model) for image, model, *_ in rows],
    )
    store.went("current", [row[3] for row in rows])
    if len(rows) == _SIDES:
        return True
    for table, key in (("parts", "space"), ("models", "space"), ("spaces", "id")):
        gone = store.sums(f"DELETE FROM {table} WHERE {key} = ? RETURNING sum", (space_id,))  # noqa: S608 (named above)
        store.went(table, gone)
    return False


def _remove_sides(store: Store, space_id: int, numbers: list[int]) -> None:
    for marks, some in in_chunks(numbers):
        # Only those of this space: a damaged number must not remove another one's side.
        gone = store.sums(
            f"DELETE FROM sides WHERE number IN ({marks}) AND space = ? RETURNING sum",  # noqa: S608 (marks alone)
            (*some, space_id),
        )
        store.went("sides", gone)
