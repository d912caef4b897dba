"""A copy of the open file: however its making ends, the next one can be made."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal import Journal
from boxgauge.server.journal.schema import LOG_PAGES
from boxgauge.server.journal.snapshot import Snapshot
from boxgauge.server.journal.store import Store
from tests.server.journal.frames import MAX_MODELS, frame
from tests.server.journal.moments import FULL, WAIT_S, full_disk, held_up, until_asked


async def take(journal: Journal, monitor: int, *images: int) -> None:
    frames = [frame("a", each, rows=bytes(5000)) for each in images]
    await journal.take(monitor, frames, max_models=MAX_MODELS)


async def copied(journal: Journal) -> bytes:
    async with journal.snapshot() as snapshot:
        return snapshot.read(0, snapshot.size)


async def pages_until_copied_back(journal: Journal) -> int:
    """Return to how many pages the log grows before it is copied back; 0: to any number."""

    def asked(store: Store) -> int:
        return int(store.connection.execute("PRAGMA wal_autocheckpoint").fetchone()[0])

    return await journal._do(asked)


def images_in(raw: bytes, path: Path) -> int:
    path.write_bytes(raw)
    with sqlite3.connect(path) as connection:
        (found,) = connection.execute("SELECT count(*) FROM current").fetchone()
    connection.close()
    return int(found)


async def test_a_snapshot_has_all_that_was_taken_before_it_and_nothing_that_came_later(
    journal: Journal, monitor: int, tmp_path: Path
) -> None:
    await take(journal, monitor, 1, 2)
    async with journal.snapshot() as snapshot:
        await take(journal, monitor, 3)
        raw = snapshot.read(0, snapshot.size)
    assert images_in(raw, tmp_path / "first") == 2
    assert images_in(await copied(journal), tmp_path / "second") == 3


async def test_a_read_whose_backup_was_cut_off_does_not_disturb_the_next_ones(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal"
    part = 2**16
    path.write_bytes(b"".join(bytes([k]) * part for k in range(64)))
    with path.open("rb", buffering=0) as file:
        left, of_next = (Snapshot.of(file, 1) for _ in range(2))

        def read_all(snapshot: Snapshot, times: int) -> bool:
            places = range(0, snapshot.size, part)
            return all(
                set(snapshot.read(place, part)) == {place // part}
                for _ in range(times)
                for place in places
            )

        # Nobody waits for the thread of the first any more, which reads on.
        reading = (asyncio.to_thread(read_all, each, 8) for each in (left, of_next))
        assert await asyncio.gather(*reading) == [True, True]


@FULL
async def test_a_snapshot_that_a_full_disk_refuses_keeps_nobody_from_the_next(
    journal: Journal, monitor: int, tmp_path: Path
) -> None:
    async def begin() -> None:
        async with journal.snapshot():
            pytest.fail("there is no room for it")

    await take(journal, monitor, 1)
    with full_disk(), pytest.raises(ResourceExhaustedError, match="the file system of the journal"):
        await begin()
    # In one transaction with frames, which fails as a whole.
    with full_disk():
        async with held_up(journal):
            frames = asyncio.create_task(take(journal, monitor, 2))
            await until_asked(journal, 1)
            refused = asyncio.create_task(begin())
            await until_asked(journal, 2)
        for each in (frames, refused):
            with pytest.raises(ResourceExhaustedError, match="the file system of the journal"):
                await each
    await take(journal, monitor, 3)
    assert await pages_until_copied_back(journal) == LOG_PAGES
    assert images_in(await copied(journal), tmp_path / "copy") == 2


@FULL
async def test_a_snapshot_is_let_go_of_though_the_disk_is_full_by_then(
    journal: Journal, monitor: int, tmp_path: Path
) -> None:
    async def read() -> bytes:
        async with journal.snapshot() as snapshot:
            is_read.set()
            await goes_on.wait()
            return snapshot.read(0, snapshot.size)

    is_read, goes_on = asyncio.Event(), asyncio.Event()
    await take(journal, monitor, 1)
    reading = asyncio.create_task(read())
    await is_read.wait()
    with full_disk():
        async with held_up(journal):
            frames = asyncio.create_task(take(journal, monitor, 2))
            await until_asked(journal, 1)
            goes_on.set()
            await until_asked(journal, 2)
        with pytest.raises(ResourceExhaustedError):
            await frames
        raw = await reading
    assert images_in(raw, tmp_path / "copy") == 1, "it is whole all the same"
    await take(journal, monitor, 3)
    assert await pages_until_copied_back(journal) == LOG_PAGES
    assert images_in(await copied(journal), tmp_path / "next") == 2


@pytest.mark.parametrize("is_answered", [False, True])
async def test_a_snapshot_that_nobody_waits_for_any_more_is_let_go_of(
    journal: Journal, monitor: int, *, is_answered: bool
) -> None:
    def settled() -> None:
        if is_answered:  # between the answer and the turn of whoever has asked
            asked.cancel()

    async with held_up(journal):
        asked = asyncio.create_task(copied(journal))
        await until_asked(journal, 1)
        frames = [frame("a", 1)]
        then = journal.take(monitor, frames, max_models=MAX_MODELS, settled=settled)
        beside = asyncio.create_task(then)
        await until_asked(journal, 2)
        if not is_answered:
            asked.cancel()
    await beside
    await asyncio.gather(asked, return_exceptions=True)
    snapshot = b""
    async with asyncio.timeout(WAIT_S):
        while not snapshot:
            try:
                snapshot = await copied(journal)
            except ResourceExhaustedError:  # until it is let go of
                await asyncio.sleep(0)
    assert await pages_until_copied_back(journal) == LOG_PAGES
