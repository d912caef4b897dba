"""A damaged row is never returned: the error names its number."""

import sqlite3
from pathlib import Path

import pytest

from boxgauge.frames import DataLossError
from boxgauge.server.journal import Journal
from tests.server.journal.frames import MAX_MODELS, content, frame, rewrite

MARK = b"these bytes are those of one image's boxes"
COLUMNS = {
    "monitors": ("name", "definition", "sum"),
    "spaces": ("monitor", "checkpoint", "sum"),
    "models": ("space", "name", "sum"),
    "sides": (
        *("space", "model", "image", "revision", "digest", "boxes", "time_us", "arrived_us"),
        *("facts", "sum", "rows"),
    ),
    "current": ("image", "model", "number", "until_us", "boxes", "joined", "sum"),
    "superseded": ("at", "side", "sum"),
    "changes": (
        *("number", "model", "image", "predictions_before", "predictions_after"),
        *("truth_before", "truth_after", "partners", "sum"),
    ),
    "parts": ("store", "part", "number", "sum", "value"),
}


async def filled(path: Path) -> None:
    """Make a journal with something in every table."""
    journal = await Journal.open(path)
    monitor = await journal.create("cam", b"definition")
    sides = [frame("a", "x", rows=MARK), frame("b", "x"), frame("", "x")]
    beside = {"b": ("a",)}
    taken = await journal.take(monitor, sides, beside=beside, max_models=MAX_MODELS)
    await journal.checkpoint(monitor, {"a": {"hour": b"tally"}}, taken.number - 1)
    await journal.take(monitor, [frame("b", "x", 1)], beside=beside, max_models=MAX_MODELS)
    await journal.close()


async def read_all(path: Path) -> None:
    """Read everything there is."""
    journal = await Journal.open(path)
    try:
        for monitor in await journal.monitors():
            _, number = await journal.parts(monitor.id)
            async for _ in journal.changes_after(monitor.id, number):
                pass
            async for _ in journal.current(monitor.id):
                pass
            await journal.expire(monitor.id, 10**9)
            await journal.checkpoint(monitor.id, {}, number + 1)
    finally:
        await journal.close()


async def test_an_undamaged_journal_is_read(path: Path) -> None:
    await filled(path)
    await read_all(path)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table, columns in COLUMNS.items()
        for column in columns
        if table != "superseded"
    ],
)
async def test_a_changed_value_is_found(path: Path, table: str, column: str) -> None:
    await filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"UPDATE {table} SET {column} = CASE typeof({column})"  # noqa: S608 (named above)
            f" WHEN 'integer' THEN {column} + 100 WHEN 'text' THEN {column} || 'x'"
            f" ELSE CAST({column} || x'00' AS BLOB) END"
        )
    connection.close()
    with pytest.raises(DataLossError, match=r"row \d+ of"):
        await read_all(path)


async def test_a_flipped_bit_in_the_boxes_is_found_by_those_who_read_them_alone(
    path: Path,
) -> None:
    await filled(path)
    raw = bytearray(content(path))
    raw[raw.index(MARK) + 5] ^= 1
    rewrite(path, raw)
    journal = await Journal.open(path)
    (monitor,) = await journal.monitors()
    with pytest.raises(DataLossError, match="row 1 of sides") as caught:
        await journal.take(monitor.id, [frame("", "x", 1)], max_models=MAX_MODELS)
    assert caught.value.value == "1"
    assert journal.counts(monitor.id).sides == 3
    taken = await journal.take(monitor.id, [frame("", "y")], max_models=MAX_MODELS)
    assert len(taken.outcomes) == 1
    await journal.close()


async def test_a_damaged_note_of_what_to_remove_removes_nothing(path: Path) -> None:
    await filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE superseded SET side = 1")
    connection.close()
    await read_all(path)
    journal = await Journal.open(path)
    (monitor,) = await journal.monitors()
    taken = await journal.take(monitor.id, [frame("a", "x")], max_models=MAX_MODELS)
    await journal.checkpoint(monitor.id, {}, taken.number)
    found = [each async for some in journal.current(monitor.id) for each in some]
    assert [each.model for each in found] == ["a"]
    await journal.close()
