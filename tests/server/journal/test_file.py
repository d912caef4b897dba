"""The file: who may use it, what is refused, and what remains of a temporary one."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from boxgauge.frames import DataLossError, FailedPreconditionError, InvalidInputError
from boxgauge.server.journal import Journal
from boxgauge.server.journal.schema import VERSION
from tests.server.journal.frames import MAX_MODELS, content, frame, names, rewrite

_HOLDER = """
import asyncio, sys
from pathlib import Path
from boxgauge.server.journal import Journal

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    await journal.create("theirs", b"")
    print("open", flush=True)
    sys.stdin.readline()

asyncio.run(main())
"""


def test_a_file_in_use_by_another_process_is_refused_until_that_has_gone(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(FailedPreconditionError, match="in use by another process"):
            asyncio.run(Journal.open(path, wait_s=0))
        other.kill()

    async def theirs() -> list[str]:
        journal = await Journal.open(path)
        names = [each.name for each in await journal.monitors()]
        await journal.close()
        return names

    assert asyncio.run(theirs()) == ["theirs"], "what was acknowledged outlives a killed process"


async def test_one_process_cannot_open_it_twice_either(journal: Journal, path: Path) -> None:
    with pytest.raises(FailedPreconditionError, match="in use"):
        await Journal.open(path, wait_s=0)


async def test_a_file_of_a_later_version_is_refused(journal: Journal, path: Path) -> None:
    await journal.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(FailedPreconditionError, match=f"format {VERSION + 1}.*format {VERSION}"):
        await Journal.open(path)


async def test_a_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = content(path)
    with pytest.raises(FailedPreconditionError, match="another program"):
        await Journal.open(path)
    assert content(path) == before


async def test_what_is_no_database_is_refused(path: Path) -> None:
    rewrite(path, b"no database at all" * 1000)
    with pytest.raises(DataLossError, match="cannot be read"):
        await Journal.open(path)


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="journal must be a file that can be written"):
        await Journal.open(tmp_path / "no folder" / "journal.db")
    with pytest.raises(InvalidInputError):
        await Journal.open(tmp_path)


def open_files() -> list[str]:
    """Return what this process has open, on Linux."""
    folder, found = "/proc/self/fd", []
    for each in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # the folder's own, closed by now
            found.append(os.readlink(f"{folder}/{each}"))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not list open files")
async def test_a_temporary_journal_is_on_disk_and_gone_when_it_is_closed() -> None:
    before = open_files()
    journal = await Journal.open(None)
    assert not journal.is_durable
    monitor = await journal.create("cam", b"")
    for k in range(5):  # 50 MB, more than the cache takes
        frames = [frame("a", 100 * k + j, rows=bytes(100_000)) for j in range(100)]
        await journal.take(monitor, frames, max_models=MAX_MODELS)
    assert journal.file_bytes > 50_000_000
    found = [each async for some in journal.current(monitor) for each in some]
    assert len(found) == 500
    # SQLite's own names of temporary files; without a name from the first moment on.
    (file,) = {each for each in open_files() if "etilqs" in each} - set(before)
    assert file.endswith("(deleted)")
    await journal.close()
    assert file not in open_files()


async def test_a_closed_journal_leaves_one_file(journal: Journal, monitor: int, path: Path) -> None:
    await journal.take(monitor, [frame("a")], max_models=MAX_MODELS)
    assert journal.is_durable
    await journal.close()
    await journal.close()
    assert names(path.parent) == [path.name]
