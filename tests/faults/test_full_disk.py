"""A disk that is full at every n-th page: refused as a whole, and taken when there is room."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from boxgauge.engine import Engine
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal import Journal, Outcome
from boxgauge.server.journal.store import Store
from tests.faults.serving import serving
from tests.server.journal.frames import frame
from tests.server.journal.moments import FULL, full_disk

ROOT = Path(__file__).resolve().parents[2]
_NO_BOUND = 2**31 - 2


async def leave(journal: Journal, pages: int | None) -> None:
    """Let the file grow by so many pages; None: as far as it likes."""

    def bound(store: Store) -> None:
        (count,) = store.connection.execute("PRAGMA page_count").fetchone()
        most = _NO_BOUND if pages is None else count + pages
        store.connection.execute(f"PRAGMA max_page_count = {most}").fetchone()

    await journal._do(bound)  # no part of the journal's promises, so that no method has it


async def test_a_call_is_taken_whole_or_not_at_all_wherever_room_ends(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path / "journal.db")
    monitor = await journal.create("cam", b"")
    refused = taken = 0
    for pages in range(24):
        frames = [frame("a", 100 * pages + k, rows=bytes(4000)) for k in range(16)]
        before = journal.counts(monitor)
        await leave(journal, pages)
        try:
            await journal.take(monitor, frames, max_models=1)
        except ResourceExhaustedError:
            refused += 1
            assert not journal.is_writable
            assert journal.counts(monitor) == before
            held = [c.image_id async for some in journal.current(monitor) for c in some]
            assert len(held) == before.sides, "reading goes on"
            await leave(journal, None)
            again = await journal.take(monitor, frames, max_models=1)
            assert set(again.outcomes) == {Outcome.CHANGED}, "nothing of it had been taken"
        else:
            taken += 1
            await leave(journal, None)
        assert journal.is_writable
        assert journal.counts(monitor).sides == before.sides + 16
    assert refused > 10
    assert taken > 0
    await journal.close()


_SCRIPT = """
import asyncio, os, resource, sys
from pathlib import Path
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal import Journal
from tests.server.journal.frames import frame

def frames(*images):
    return [frame("a", each, rows=bytes(5000)) for each in images]

async def killed():
    journal = await Journal.open(Path(sys.argv[1]))
    monitor = await journal.create("cam", b"")
    await journal.take(monitor, frames(*range(40)), max_models=1)
    os._exit(0)

def let_files_grow_to(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

async def full():
    let_files_grow_to(16384)  # what is there may be written in place, and nothing behind that
    journal = await Journal.open(Path(sys.argv[1]))
    (kept,) = await journal.monitors()
    print(journal.is_writable, journal.counts(kept.id).sides)
    print(len([each async for some in journal.current(kept.id) for each in some]))
    try:
        await journal.take(kept.id, frames(40), max_models=1)
    except ResourceExhaustedError:
        print("refused")
    let_files_grow_to(resource.RLIM_INFINITY)
    async with asyncio.timeout(30):
        while not journal.is_writable:  # nobody writes: it tries by itself
            await asyncio.sleep(0.01)
    await journal.take(kept.id, frames(40), max_models=1)
    print(journal.counts(kept.id).sides)
    await journal.close()

asyncio.run(full() if sys.argv[2:] else killed())
"""


def run(path: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@FULL
def test_a_start_on_a_full_disk_reads_refuses_and_goes_on_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    run(path)
    assert path.with_name("journal.db-wal").stat().st_size > 100_000, "killed, it left its log"
    assert run(path, "full").splitlines() == ["False 40", "40", "refused", "41"]


@FULL
@pytest.mark.usefixtures("campaigns")
async def test_what_operators_ask_for_on_a_full_disk_is_refused_and_done_once_there_is_room(
    engine: Engine, tmp_path: Path
) -> None:
    from operators import Operators
    from senders import Place
    from traffic_script import make_script
    from when_full import WhenFull

    copies, chance = tmp_path / "copies", random.Random(6)
    copies.mkdir()
    operators = Operators(copies, make_script(8, 6), [], chance)
    when_full = WhenFull(operators, tmp_path)
    async with serving(engine, ephemeral=False, journal=tmp_path / "journal.db") as (app, _):
        place = Place(app.address)
        for n in range(3):  # each is asked for of both monitors
            await when_full.prepare(place, n)
            with full_disk():
                await when_full.ask(place)
                await when_full.look(place)
            await when_full.again(place, chance)
    await operators.check_backups(engine)
    assert when_full.done.total() == 0, "no file grows by a page"
    for kind, times in {"create": 2, "reset": 2, "delete": 2, "tell": 4, "backup": 3}.items():
        assert when_full.refused[kind] == times
    assert operators.backups.restored == 3
