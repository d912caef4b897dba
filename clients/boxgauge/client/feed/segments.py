"""One file of a spool: whose frames they are, then the frames, appended one by one."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boxgauge.client.feed.records import framed, whole_records
from boxgauge.frames import ResourceExhaustedError

_MAGIC = b"BoxGauge spool 1\n"


@dataclass(frozen=True, slots=True)
class Names:
    """Whose frames they are: the monitor, and the model that predicted."""

    monitor: str
    model: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a file that an earlier process has left.

    Attributes:
        names: Whose frames they are; None where its beginning cannot be read.
        start: Where its frames begin.
        end: Its size.
        frames: Whole frames.
        damaged: Bytes between frames that cannot be read.
        torn: Bytes at the end that cannot be read.
    """

    names: Names | None
    start: int
    end: int
    frames: int
    damaged: int
    torn: int


def examine(path: Path) -> Content:
    """Return what is in a file."""
    content = path.read_bytes()
    records = [*whole_records(content)]
    names = _names(records[0].payload) if content.startswith(_MAGIC) and records else None
    if names is None or records[0].start != len(_MAGIC):
        return Content(None, 0, len(content), len(records), 0, len(content))
    damaged, at = 0, records[0].end
    for record in records[1:]:
        damaged += record.start - at
        at = record.end
    torn = len(content) - at
    return Content(names, records[0].end, len(content), len(records) - 1, damaged, torn)


def _names(payload: bytes) -> Names | None:
    try:
        found = json.loads(payload)
        return Names(found["monitor"], found["model"])
    except (ValueError, KeyError, TypeError):
        return None


def head_of(names: Names) -> bytes:
    """Return what a file begins with."""
    return _MAGIC + framed(json.dumps({"monitor": names.monitor, "model": names.model}).encode())


class Writer:
    """Appends frames to a new file.

    Attributes:
        start: Where the frames begin.
        end: Where the next one goes.

    Raises:
        ResourceExhaustedError: The file cannot be written.
    """

    def __init__(self, path: Path, names: Names, *, fsync: bool) -> None:
        self._path = path
        self._fsync = fsync
        self.end = 0
        try:
            self._file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot_write(error) from error
        try:
            self._write(head_of(names))
        except ResourceExhaustedError:
            self.close()
            path.unlink()
            raise
        self.start = self.end
        if fsync:
            _sync_folder(path.parent)

    def append(self, record: bytes) -> None:
        """Write one framed record; after a failure the file is as it was before."""
        self._write(record)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, content: bytes) -> None:
        try:
            written = os.pwrite(self._file, content, self.end)
            while written < len(content):
                written += os.pwrite(self._file, content[written:], self.end + written)
            if self._fsync:
                os.fdatasync(self._file)
        except OSError as error:
            with suppress(OSError):  # what is left of the record is found and counted as torn
                os.ftruncate(self._file, self.end)
            raise _cannot_write(error) from error
        self.end += len(content)


def _cannot_write(error: OSError) -> ResourceExhaustedError:
    return ResourceExhaustedError(f"the spool cannot be written: {error.strerror}", field="spool")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
