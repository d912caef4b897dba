"""The journal's folder, with faults that are real where a test can make them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from boxgauge.cli.diagnosis.disk import (
    disk_findings,
    mount_finding,
    space_finding,
    sync_finding,
)
from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.mounts import NETWORK, Mount, mount_of
from boxgauge.server.journal.journal import Journal
from boxgauge.server.journal.schema import APPLICATION_ID

GIB = 2**30
HERE = Path("/data")


def judged(journal: Path | None, most: int = 2**20) -> dict[str, Finding]:
    return {each.subject: each for each in disk_findings(journal, most, APPLICATION_ID)}


def test_no_journal_is_a_note() -> None:
    (found,) = judged(None).values()
    assert found.verdict == "note"
    assert "BOXGAUGE_JOURNAL" in found.mending


def test_a_new_one_in_a_sound_folder_is_well_and_leaves_nothing(tmp_path: Path) -> None:
    found = judged(tmp_path / "journal.db")
    assert found["journal"].words == f"{tmp_path / 'journal.db'} will be made"
    assert found["write-ahead log"].verdict == "ok"
    assert "ms" in found["fsync"].words
    assert "is on" in found["file system"].words
    assert [*tmp_path.iterdir()] == []


async def test_the_journal_of_a_running_service_is_looked_at_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = await Journal.open(path)
    assert judged(path)["journal"].verdict == "ok"
    await journal.create("cam", b"")
    await journal.close()
    assert "is one, of" in judged(path)["journal"].words


def test_another_program_s_file_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")
        connection.execute("CREATE TABLE t (k)")
        connection.commit()
    assert "another program's" in judged(path)["journal"].words
    path.write_text("no database at all")
    assert "another program's" in judged(path)["journal"].words


def test_a_missing_folder_is_made_by_what_is_said(tmp_path: Path) -> None:
    (found,) = judged(tmp_path / "a" / "b" / "journal.db").values()
    assert found.mending == f"mkdir -p {tmp_path / 'a' / 'b'}"


def test_a_folder_that_takes_no_files_is_a_fault() -> None:
    # Not even root may make files there.
    found = judged(Path("/proc/journal.db"))["journal"]
    assert found.verdict == "bad"
    assert "/proc cannot be written" in found.words


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_a_network_s_file_system_is_a_fault(kind: str) -> None:
    found = mount_finding(HERE, Mount(HERE, kind))
    assert "over a network" in found.words
    assert "local file system" in found.mending


def test_memory_is_a_fault_and_a_container_s_layer_a_note() -> None:
    assert mount_finding(HERE, Mount(HERE, "tmpfs")).verdict == "bad"
    assert mount_finding(HERE, Mount(HERE, "overlay")).verdict == "note"
    assert mount_finding(HERE, Mount(HERE, "ext4")).verdict == "ok"
    assert mount_finding(HERE, None).verdict == "ok"


def test_the_innermost_mount_holds(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    (tmp_path / "a b").mkdir()
    table.write_text(
        "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
        f"2 1 0:1 / {tmp_path} rw - xfs /dev/sdb rw\n"
        rf"3 2 0:2 / {tmp_path}/a\040b rw - nfs4 host:/x rw" + "\n"
        "nonsense\n"
    )
    assert mount_of(tmp_path / "a b", table) == Mount(tmp_path / "a b", "nfs4")
    assert mount_of(tmp_path, table) == Mount(tmp_path, "xfs")
    assert mount_of(Path("/"), table) == Mount(Path("/"), "ext4")
    assert mount_of(Path("/"), tmp_path / "none") is None
    assert mount_of(Path("/proc")) == Mount(Path("/proc"), "proc")


def test_room_is_judged_beside_the_bound() -> None:
    assert space_finding(HERE, 100 * GIB, 0, 20 * GIB).verdict == "ok"
    near = space_finding(HERE, 10 * GIB, 5 * GIB, 20 * GIB)
    assert near.verdict == "note"
    assert str(int(15 * GIB * 0.9)) in near.mending
    assert space_finding(HERE, GIB // 2, 0, GIB // 4).verdict == "bad"


def test_a_slow_disk_is_a_note_and_a_stuck_one_a_fault() -> None:
    assert sync_finding(0.003, 0.2).verdict == "ok"
    assert sync_finding(0.03, 0.2).verdict == "note"
    found = sync_finding(0.4, 1.2)
    assert (found.verdict, found.words) == (
        "bad",
        "a block is on disk after 400.0 ms (worst 1200.0)",
    )
