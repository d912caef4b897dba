"""A disk whose synchronisation fails: nothing is acknowledged any more, and nothing was lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

_SCRIPT = """
import asyncio, os, sys
from pathlib import Path
from boxgauge.frames import UnavailableError
from boxgauge.server.journal import Journal
from tests.server.journal.frames import frame

async def take(journal, monitor, *images):
    return await journal.take(monitor, [frame("a", each) for each in images], max_models=1)

async def main():
    journal = await Journal.open(Path(sys.argv[1]))
    monitor = await journal.create("cam", b"")
    await take(journal, monitor, 1, 2, 3)
    trigger = Path(os.environ["FAIL_SYNC_ONCE"])
    trigger.touch()
    for image in (4, 5, 4):
        try:
            await take(journal, monitor, image)
            print("taken", image)
        except UnavailableError as error:
            print(image, trigger.exists(), error)
    print(journal.is_writable, journal.counts(monitor).sides)
    sys.stdout.flush()
    os._exit(0)  # as a process that is killed: nothing is written on the way out

async def again():
    journal = await Journal.open(Path(sys.argv[1]))
    (kept,) = await journal.monitors()
    print(sorted([each.image_id async for some in journal.current(kept.id) for each in some]))
    print((await take(journal, kept.id, 1, 4)).outcomes)
    print(journal.is_writable)
    await journal.close()

async def backup():
    journal = await Journal.open(Path(sys.argv[1]))
    monitor = await journal.create("cam", b"")
    await take(journal, monitor, 1, 2, 3)
    trigger = Path(os.environ["FAIL_SYNC_ONCE"])
    trigger.touch()
    try:
        async with journal.snapshot():
            print("made")
    except UnavailableError as error:
        print(trigger.exists(), error)
    try:
        await take(journal, monitor, 4)
        print("taken")
    except UnavailableError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)

asyncio.run({"main": main, "again": again, "backup": backup}[(sys.argv[2:] or ["main"])[0]]())
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    made = tmp_path_factory.mktemp("shim") / "failing_sync.so"
    source = HERE / "failing_sync.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True)
    return made


def run(path: Path, *arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])} | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_failed_synchronisation_ends_all_acknowledging_until_a_restart(
    shim: Path, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    trigger = tmp_path / "fail the next one"
    failing = {"LD_PRELOAD": str(shim), "FAIL_SYNC_ONCE": str(trigger)}
    *refused, last = run(path, **failing)
    assert [each.split()[:2] for each in refused] == [
        ["4", "False"],
        ["5", "False"],
        ["4", "False"],
    ]
    assert all("until the service is started again" in each for each in refused)
    assert last == "False 3"
    # Nor does a start tell of what was left in the log before that is on disk for certain.
    trigger.touch()
    with pytest.raises(AssertionError, match="could not be synchronised to its disk"):
        run(path, "again", **failing)
    # What had been acknowledged is there; the refused frame is not, and is taken when it comes.
    held, outcomes, is_writable = run(path, "again")
    assert held == "[1, 2, 3]"
    assert outcomes.count("SAME") == outcomes.count("CHANGED") == 1
    assert is_writable == "True"


def test_a_synchronisation_that_fails_for_a_backup_ends_all_acknowledging_likewise(
    shim: Path, tmp_path: Path
) -> None:
    path, trigger = tmp_path / "journal.db", tmp_path / "fail the next one"
    backup, frames = run(path, "backup", LD_PRELOAD=str(shim), FAIL_SYNC_ONCE=str(trigger))
    assert backup.startswith("False the journal could not be synchronised to its disk")
    assert frames.startswith("the journal could not be synchronised to its disk")
    assert run(path, "again")[0] == "[1, 2, 3]"
