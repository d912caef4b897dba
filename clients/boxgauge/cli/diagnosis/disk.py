"""The journal's folder: room, file system, write-ahead logs, and the time until a block is kept."""

import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding
from boxgauge.cli.diagnosis.mounts import IN_MEMORY, NETWORK, OF_CONTAINERS, Mount, mount_of
from boxgauge.cli.failures import one_line

_SYNCS, _BLOCK = 16, 4096
_SLOW_S, _STUCK_S = 0.02, 0.25
_LEAST_BYTES = 2**30
_HEADER = b"SQLite format 3\0"


def disk_findings(journal: Path | None, max_bytes: int, application_id: int) -> list[Finding]:
    """Judge where the journal is kept, by trying it beside the journal.

    The journal itself is only looked at from outside: a running service has locked it.

    Args:
        journal: Its file; None: there is none.
        max_bytes: How large it may become.
        application_id: That of our files.
    """
    if journal is None:
        words = "there is none: monitors and their frames are gone with the process"
        return [Finding("journal", words, "set BOXGAUGE_JOURNAL to keep them", is_note=True)]
    folder = journal.absolute().parent
    if not folder.is_dir():
        return [Finding("journal", f"there is no folder {folder}", f"mkdir -p {folder}")]
    findings = [_file(journal, application_id)]
    try:
        with tempfile.TemporaryDirectory(prefix=".boxgauge-doctor-", dir=folder) as probe:
            findings += [_write_ahead(Path(probe)), _sync(Path(probe))]
    except OSError as error:
        words = f"{folder} cannot be written: {error.strerror or one_line(error)}"
        mending = "make room there" if _is_full(error) else "give the service's user the folder"
        findings.append(Finding("journal", words, mending))
    findings.append(mount_finding(folder, mount_of(folder)))
    free = shutil.disk_usage(folder).free
    used = journal.stat().st_size if journal.is_file() else 0
    findings.append(space_finding(folder, free, used, max_bytes))
    return findings


def _file(journal: Path, application_id: int) -> Finding:
    """Judge what stands at the journal's place by its first bytes."""
    if not journal.exists():
        return Finding("journal", f"{journal} will be made")
    try:
        with journal.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        words = f"{journal} cannot be read: {error.strerror}"
        return Finding("journal", words, "give the service's user the file, or name another")
    if not head:
        return Finding("journal", f"{journal} is empty")
    found = int.from_bytes(head[68:72])
    # Before the first checkpoint of its log a new journal has no id in the file yet.
    if not head.startswith(_HEADER) or found not in (application_id, 0):
        words = f"{journal} is another program's file"
        return Finding("journal", words, "name another file in BOXGAUGE_JOURNAL")
    if not os.access(journal, os.W_OK):
        return Finding("journal", f"{journal} may not be written", f"chmod u+w {journal}")
    return Finding("journal", f"{journal} is one, of {_shown(journal.stat().st_size)}")


def _write_ahead(folder: Path) -> Finding:
    """Judge whether SQLite's write-ahead log works there, with two connections."""
    path = folder / "probe.db"
    try:
        with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path)) as other:
            (mode,) = one.execute("PRAGMA journal_mode = WAL").fetchone()
            one.execute("CREATE TABLE probe (k INTEGER)")
            one.execute("INSERT INTO probe VALUES (7)")
            one.commit()
            found = other.execute("SELECT k FROM probe").fetchall()
    except sqlite3.Error as error:
        words = f"SQLite cannot work in {folder.parent}: {one_line(error)}"
        return Finding("write-ahead log", words, _LOCAL)
    if mode != "wal" or found != [(7,)]:
        words = f"SQLite gets journal mode {mode} in {folder.parent}, and wal is wanted"
        return Finding("write-ahead log", words, _LOCAL)
    return Finding("write-ahead log", f"works in {folder.parent}")


_LOCAL = "keep the journal on a local file system (ext4, xfs, btrfs)"


def _sync(folder: Path) -> Finding:
    """Measure how long it takes until a block is on disk: every acknowledgement waits for it."""
    taken = []
    with (folder / "block").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            file.write(bytes(_BLOCK))
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
            if sum(taken) > 5:
                break
    return sync_finding(statistics.median(taken), max(taken))


def sync_finding(median_s: float, worst_s: float) -> Finding:
    """Judge how long blocks took to be on disk."""
    words = f"a block is on disk after {median_s * 1000:.1f} ms (worst {worst_s * 1000:.1f})"
    mending = "use a faster or less busy disk: every acknowledgement waits for it"
    if median_s >= _STUCK_S:
        return Finding("fsync", words, mending)
    return Finding("fsync", words, mending if median_s >= _SLOW_S else "", median_s >= _SLOW_S)


def mount_finding(folder: Path, mount: Mount | None) -> Finding:
    """Judge the kind of file system."""
    if mount is None:
        return Finding("file system", "the system does not tell which one it is")
    words = f"{folder} is on {mount.kind} (mounted at {mount.point})"
    if mount.kind in NETWORK:
        return Finding("file system", f"{words}: locks and logs do not hold over a network", _LOCAL)
    if mount.kind in IN_MEMORY:
        return Finding("file system", f"{words}: in memory, gone with the machine", _LOCAL)
    if mount.kind in OF_CONTAINERS:
        words += ": a container's own layer, gone with the container unless it is a volume"
        return Finding("file system", words, "mount a volume there", is_note=True)
    return Finding("file system", words)


def space_finding(folder: Path, free: int, used: int, bound: int) -> Finding:
    """Judge the room that there is.

    Args:
        folder: Of the journal.
        free: Bytes there.
        used: Bytes that the journal has already.
        bound: Bytes that it may have.
    """
    words = f"{_shown(free)} are free in {folder}"
    if free < _LEAST_BYTES:
        words += ": the journal cannot be written for long"
        return Finding("room", words, f"make room: at least {_shown(_LEAST_BYTES)}")
    if used + free < bound:
        words += f", less than BOXGAUGE_MAX_JOURNAL_BYTES allows ({_shown(bound)})"
        mending = f"set it to {int((used + free) * 0.9)}, before all stops"
        return Finding("room", words, mending, is_note=True)
    return Finding("room", words)


def _is_full(error: OSError) -> bool:
    import errno

    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _shown(size: int) -> str:
    if size >= 2**30:
        return f"{size / 2**30:.1f} GiB"
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size} bytes"
