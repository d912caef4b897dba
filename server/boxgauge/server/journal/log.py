"""The log of changes: made from what was and what is, written down, read back in order."""

import json
from collections.abc import Iterator, Mapping, Sequence

from boxgauge.frames import FailedPreconditionError, ImageId
from boxgauge.server.journal.sides import Kept, by_number
from boxgauge.server.journal.space import TRUTH_ID, Space
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sums import check_sum, row_sum
from boxgauge.server.journal.types import Change, HeldSide

Beside = Mapping[str, tuple[str, ...]]
_COLUMNS = 9


def changes_of(
    store: Store,
    space: Space,
    image_id: ImageId,
    before: Mapping[int, Kept],
    after: Mapping[int, Kept],
    beside: Beside,
) -> Iterator[Change]:
    """Yield what became of one image, a change for each model whose predictions or label did.

    The changes are as if they came one after the other: a partner further on is still
    as it was, with the label that it had.
    """
    truth_before, truth_after = _side(before, TRUTH_ID), _side(after, TRUTH_ID)
    relabelled = truth_before is not truth_after
    through: set[int] = set()
    for model in sorted(after):
        old, new = _side(before, model), _side(after, model)
        changed = old is not new or (relabelled and new is not None)
        if model == TRUTH_ID or not changed:
            continue
        name = space.name_of(model)
        change = Change(
            number=store.next_number(),
            monitor=space.monitor,
            model=name,
            image_id=image_id,
            predictions_before=old,
            predictions_after=new,
            truth_before=truth_before,
            truth_after=truth_after,
        )
        for partner in beside.get(name, ()):
            other = space.models.get(partner, TRUTH_ID)
            if other == TRUTH_ID:
                continue
            is_through = other in through
            side = _side(after if is_through else before, other)
            if side is None:
                continue
            if is_through or not relabelled:
                change.partners[partner] = side
            if not is_through or not relabelled:
                change.partners_before[partner] = side
        through.add(model)
        yield change


def write_changes(store: Store, space: Space, changes: Sequence[Change]) -> None:
    """Append changes to the log."""
    rows = []
    for each in changes:
        columns = (
            space.id,
            each.number,
            space.models[each.model],
            each.image_id,
            _number(each.predictions_before),
            _number(each.predictions_after),
            _number(each.truth_before),
            _number(each.truth_after),
            _partners_text(space, each),
        )
        rows.append((*columns, row_sum("changes", columns)))
    store.connection.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    store.came("changes", [row[-1] for row in rows])


def read_changes(store: Store, monitor: int, after: int, most: int) -> list[Change]:
    """Return the next changes behind this number, in order; fewer than ``most`` are the last.

    Raises:
        NotFoundError: There is no such monitor.
        FailedPreconditionError: A checkpoint covers some of them: they are forgotten.
        DataLossError: A row is damaged.
    """
    space = store.space(monitor)
    if after < space.checkpoint:
        raise FailedPreconditionError(
            f"changes up to {space.checkpoint} are in a checkpoint and forgotten:"
            f" asked for those after {after}",
            field="number",
            value=after,
        )
    rows = store.connection.execute(
        "SELECT * FROM changes WHERE space = ? AND number > ? ORDER BY number LIMIT ?",
        (space.id, after, most),
    ).fetchall()
    partners = []
    for row in rows:
        check_sum("changes", row[1], row[_COLUMNS], row[:_COLUMNS])
        partners.append(_partners_of(row[8]))
    wanted = {number for row in rows for number in row[4:8]}
    wanted.update(number for pair in partners for each in pair for number in each.values())
    sides = by_number(store, sorted(wanted - {0}))
    changes = []
    for row, (after_it, before_it) in zip(rows, partners, strict=True):
        changes.append(
            Change(
                row[1],
                monitor,
                space.name_of(row[2]),
                row[3],
                sides.get(row[4]),
                sides.get(row[5]),
                sides.get(row[6]),
                sides.get(row[7]),
                {space.name_of(model): sides[at] for model, at in after_it.items()},
                {space.name_of(model): sides[at] for model, at in before_it.items()},
            )
        )
    return changes


def _side(kept: Mapping[int, Kept], model: int) -> HeldSide | None:
    found = kept.get(model)
    return None if found is None else found.side


def _number(side: HeldSide | None) -> int:
    return 0 if side is None else side.number


def _partners_text(space: Space, change: Change) -> str:
    """Return partners by model id; mostly there are none, or the same before and after."""
    if not change.partners and not change.partners_before:
        return ""
    return json.dumps(
        [
            [[space.models[name], side.number] for name, side in each.items()]
            for each in (change.partners, change.partners_before)
        ],
        separators=(",", ":"),
    )


def _partners_of(text: str) -> tuple[dict[int, int], dict[int, int]]:
    if not text:
        return {}, {}
    after, before = json.loads(text)
    return dict(after), dict(before)
