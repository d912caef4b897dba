"""A journal of an older format is brought to this one's, and kept as it was beside it."""

import sqlite3
from pathlib import Path

import pytest

from boxgauge.frames import DataLossError, ResourceExhaustedError
from boxgauge.server.journal import Journal, migrate
from boxgauge.server.journal.schema import VERSION
from tests.server.journal.frames import MAX_MODELS, content, frame, names, retraction
from tests.server.journal.version_1 import SIDES, write_version_1


async def test_a_journal_of_version_1_is_migrated_with_all_that_is_in_it(path: Path) -> None:
    write_version_1(path)
    before = content(path)
    journal = await Journal.open(path)
    (monitor,) = await journal.monitors()
    assert (monitor.name, monitor.definition) == ("cam", b"definition")
    assert await journal.parts(monitor.id) == ({"quality a": {"hour": b"tally"}}, 4)
    read = [each async for some in journal.changes_after(monitor.id, 4) for each in some]
    assert [(each.number, each.model, each.image_id) for each in read] == [(6, "a", "x")]
    held = [each async for some in journal.current(monitor.id) for each in some]
    assert {(each.image_id, each.predictions_after.rows) for each in held} == {
        (image, rows) for number, (image, rows) in SIDES.items() if number != 1
    }
    assert journal.counts(monitor.id).sides == 2
    taken = await journal.take(monitor.id, [frame("a", "new")], max_models=MAX_MODELS)
    assert taken.number > 6
    await journal.take(monitor.id, [retraction("a", "x", 9)], max_models=MAX_MODELS)
    await journal.close()
    kept = content(path.with_name("journal.db.v1"))
    assert kept[100:] == before[100:], "all but the counters of SQLite's header"
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
    connection.close()
    journal = await Journal.open(path)
    assert not journal.recovery.is_repaired
    assert journal.recovery.lost == 0
    await journal.close()


async def test_damage_from_before_the_migration_is_missed_after_it(path: Path) -> None:
    write_version_1(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sides SET boxes = 7 WHERE number = 2")
    connection.close()
    with pytest.raises(DataLossError, match="sequence numbers 2"):
        await Journal.open(path)
    assert "journal.db.v1" in names(path.parent)


async def test_without_room_for_the_copy_nothing_is_migrated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_version_1(path)
    before = content(path)
    monkeypatch.setattr(migrate, "_SPARE", 2**60)
    with pytest.raises(ResourceExhaustedError, match=r"needs .* bytes, and .* are free"):
        await Journal.open(path)
    assert content(path) == before
    assert names(path.parent) == ["journal.db"]
