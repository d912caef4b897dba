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

ROOT = Path(__file__).resolve().parents[3]
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

_FULL = """
import asyncio, resource, sys
from pathlib import Path
from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.journal import Journal
from tests.server.journal.frames import frame

def frames(images):
    return [frame("a", each, rows=bytes(100_000)) for each in images]

def let_files_grow_to(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    monitor = await journal.create("cam", b"")
    await journal.take(monitor, frames([0]), max_models=1)
    let_files_grow_to(1_000_000)
    for _ in range(2):
        try:
            await journal.take(monitor, frames(range(1, 41)), max_models=1)
        except ResourceExhaustedError as error:
            print(error.value, journal.is_writable)
        print(journal.counts(monitor).sides)
    print([each.image_id async for some in journal.current(monitor) for each in some])
    let_files_grow_to(resource.RLIM_INFINITY)
    await journal.take(monitor, frames(range(1, 41)), max_models=1)
    print(journal.is_writable)
    await journal.close()
    journal = await Journal.open(Path(sys.argv[1]))
    print(journal.counts(monitor).sides)
    await journal.close()

asyncio.run(main())
"""


def started(script: str, path: Path) -> "subprocess.Popen[str]":
    """Return another process that runs a script on the file."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be bounded there")
def test_a_full_disk_is_said_and_leaves_what_was_kept(path: Path) -> None:
    with started(_FULL, path) as other:
        said, log = other.communicate()
    assert other.returncode == 0, log
    refused = "disk I/O error False"
    assert said.splitlines() == [refused, "1", refused, "1", "[0]", "True", "41"]


def test_a_file_in_use_by_another_process_is_refused_until_that_has_gone(path: Path) -> None:
    with started(_HOLDER, path) as other:
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
