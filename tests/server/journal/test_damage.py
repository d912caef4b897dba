"""Damage is found: by the next start what was acknowledged and is gone, by a reader each row."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from boxgauge.frames import DataLossError, UnavailableError
from boxgauge.server.journal import Change, Journal
from boxgauge.server.journal.ledger import Ledger
from tests.server.journal.frames import MAX_MODELS, content, frame, names, rewrite

MARK = b"these bytes are those of one image's boxes"
COLUMNS = {
    "monitors": ("name", "definition", "sum"),
    "spaces": ("monitor", "checkpoint", "expired", "is_lacking", "sum"),
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
# What cannot be made from other rows, and how the refusal calls it.
ACKNOWLEDGED = {
    "monitors": "1 of monitors with all that was sent to them",
    "spaces": "1 of monitors' frames",
    "models": "2 of models with their predictions",
    "sides": "sides of images are missing or damaged, sequence numbers 1, 3, 6",
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


async def read_all(journal: Journal) -> None:
    """Read everything there is."""
    for monitor in await journal.monitors():
        _, number = await journal.parts(monitor.id)
        async for _ in journal.changes_after(monitor.id, number):
            pass
        async for _ in journal.current(monitor.id):
            pass
        await journal.expire(monitor.id, 10**9)
        await journal.checkpoint(monitor.id, {}, number)


def changed(table: str, column: str) -> str:
    """Return a statement that changes all values of a column."""
    return (
        f"UPDATE {table} SET {column} = CASE typeof({column})"  # noqa: S608 (named above)
        f" WHEN 'integer' THEN {column} + 100 WHEN 'text' THEN {column} || 'x'"
        f" ELSE CAST({column} || x'00' AS BLOB) END"
    )


def flip_a_bit(path: Path) -> None:
    """Change the boxes of one side, in place."""
    raw = content(path)
    at = raw.index(MARK) + 5
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([raw[at] ^ 1]))


async def held(journal: Journal) -> list[Change]:
    """Return what is held of the only monitor, whatever the numbers of changes."""
    (monitor,) = await journal.monitors()
    found = [each async for some in journal.current(monitor.id) for each in some]
    return [replace(each, number=0) for each in found]


async def test_an_undamaged_journal_is_read(path: Path) -> None:
    await filled(path)
    journal = await Journal.open(path)
    assert not journal.recovery.is_repaired
    await read_all(journal)
    await journal.close()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table, column)
        for table, columns in COLUMNS.items()
        for column in columns
        if table not in ("superseded", "spaces", "models")  # which are read at a start alone
    ],
)
async def test_a_value_that_changes_in_an_open_file_is_found_by_its_reader(
    path: Path, table: str, column: str
) -> None:
    await filled(path)
    journal = await Journal.open(path)
    await journal._do(lambda store: store.execute(changed(table, column)))
    with pytest.raises(DataLossError, match=r"row \d+ of"):
        await read_all(journal)
    await journal.close()


@pytest.mark.parametrize(
    ("table", "column"),
    [(table, column) for table, some in COLUMNS.items() for column in (some[0], some[-2])],
)
async def test_a_start_refuses_a_changed_value_that_no_other_row_tells(
    path: Path, table: str, column: str
) -> None:
    await filled(path)
    journal = await Journal.open(path)
    before = await held(journal)
    await journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute(changed(table, column))
    connection.close()
    if table in ACKNOWLEDGED:
        with pytest.raises(DataLossError, match=ACKNOWLEDGED[table]):
            await Journal.open(path)
        journal = await Journal.open(path, accept_loss=True)
        assert journal.recovery.lost >= 1
    else:
        journal = await Journal.open(path)
        assert await held(journal) == before, "made from the rows that remain"
        assert journal.recovery.lost == 0
    assert journal.recovery.is_repaired
    await read_all(journal)
    await journal.close()
    journal = await Journal.open(path)
    assert not journal.recovery.is_repaired
    await journal.close()
    assert any(name.startswith("journal.db.damaged-") for name in names(path.parent))


async def test_a_flipped_bit_in_the_boxes_of_an_open_file_is_found_by_those_who_read_them(
    path: Path,
) -> None:
    await filled(path)
    journal = await Journal.open(path)
    flip_a_bit(path)
    (monitor,) = await journal.monitors()
    with pytest.raises(DataLossError, match="row 1 of sides") as caught:
        await journal.take(monitor.id, [frame("", "x", 1)], max_models=MAX_MODELS)
    assert caught.value.value == "1"
    assert journal.counts(monitor.id).sides == 3
    taken = await journal.take(monitor.id, [frame("", "y")], max_models=MAX_MODELS)
    assert len(taken.outcomes) == 1
    await journal.close()


async def test_a_flipped_bit_in_the_boxes_is_refused_by_the_next_start(path: Path) -> None:
    await filled(path)
    flip_a_bit(path)
    with pytest.raises(DataLossError, match=r"1 sides of images.*sequence numbers 1[.] ") as caught:
        await Journal.open(path)
    assert "--accept-loss" in str(caught.value)
    journal = await Journal.open(path, accept_loss=True)
    assert [each.model for each in await held(journal)] == ["b"]
    assert (journal.recovery.lost, journal.recovery.given_up.sides) == (1, {1})
    await journal.close()


async def test_tallies_are_to_be_made_anew_where_their_parts_are_damaged(path: Path) -> None:
    await filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE parts SET value = x'00'")
    connection.close()
    journal = await Journal.open(path)
    (monitor,) = await journal.monitors()
    parts, number = await journal.parts(monitor.id)
    assert parts == {}
    assert await journal.is_lacking(monitor.id)
    await journal.checkpoint(monitor.id, {"a": {"hour": b"anew"}}, number)
    assert not await journal.is_lacking(monitor.id)
    await journal.close()


async def test_counts_of_what_has_expired_are_acknowledged_too(path: Path) -> None:
    await filled(path)
    journal = await Journal.open(path)
    (monitor,) = await journal.monitors()
    await journal.expire(monitor.id, 10**9)
    await journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE parts SET value = x'00'")
    connection.close()
    with pytest.raises(DataLossError, match="monitor cam has lost the counts of 3 sides"):
        await Journal.open(path)


async def test_a_missing_mark_is_a_loss_unless_the_file_was_closed(
    path: Path, tmp_path: Path
) -> None:
    await filled(path)
    mark = path.with_name("journal.db-mark")
    mark.unlink()
    journal = await Journal.open(path)
    copy = tmp_path / "copy.db"
    rewrite(copy, content(path))
    await journal.close()
    with pytest.raises(DataLossError, match=r"copy.db-mark.*is missing"):
        await Journal.open(copy)
    journal = await Journal.open(copy, accept_loss=True)
    assert len(await held(journal)) == 2
    await journal.close()


async def test_a_journal_whose_file_is_gone_is_not_begun_anew(path: Path) -> None:
    await filled(path)
    path.unlink()  # noqa: ASYNC240 (nothing else runs)
    with pytest.raises(DataLossError, match="sequence numbers 1 to"):
        await Journal.open(path)
    journal = await Journal.open(path, accept_loss=True)
    assert await journal.monitors() == []
    await journal.close()


async def test_another_journals_file_is_taken_with_a_warning_if_it_was_closed(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(path)
    other = tmp_path / "other.db"
    journal = await Journal.open(other)
    await journal.close()
    rewrite(path, content(other))
    journal = await Journal.open(path)
    assert await journal.monitors() == []
    await journal.close()
    assert "was another journal's" in caplog.text


async def test_a_mark_that_cannot_be_written_ends_all_writing(journal: Journal) -> None:
    def broken(ledger: Ledger) -> None:
        raise OSError(5, "Input/output error")

    await journal._do(lambda store: setattr(store.mark, "write", broken))
    for _ in range(2):
        with pytest.raises((OSError, UnavailableError)):
            await journal.create("cam", b"")


async def test_a_damaged_note_of_what_to_remove_removes_nothing(path: Path) -> None:
    await filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE superseded SET side = 1")
    connection.close()
    journal = await Journal.open(path)
    await read_all(journal)
    (monitor,) = await journal.monitors()
    taken = await journal.take(monitor.id, [frame("a", "x")], max_models=MAX_MODELS)
    await journal.checkpoint(monitor.id, {}, taken.number)
    found = [each async for some in journal.current(monitor.id) for each in some]
    assert [each.model for each in found] == ["a"]
    await journal.close()
