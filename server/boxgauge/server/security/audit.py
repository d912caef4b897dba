"""Who did what: a line of JSON for every administrative call and, up to a rate, denied one."""

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from boxgauge.frames import InvalidInputError, UnavailableError

_LOG = logging.getLogger("boxgauge.audit")

# Denied calls cost their sender nothing: beyond these they are counted, not written.
DENIED_A_SECOND = 10
_MAX_TEXT = 400


class Audit:
    """Writes records; from any thread.

    Args:
        path: The file, opened anew for each record, so that it may be moved away at any time;
            None: the log.
        failed: Called for each record that could not be written.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        path: Path | None,
        failed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._failed = failed
        self._clock = clock
        self._lock = threading.Lock()
        self._second = 0
        self._denied = 0
        self._left_out = 0

    def check(self) -> None:
        """Check that the file can be opened for writing.

        Raises:
            InvalidInputError: It cannot.
        """
        if self._path is not None:
            try:
                os.close(self._opened(self._path))
            except OSError as error:
                raise InvalidInputError.at(
                    "BOXGAUGE_AUDIT_LOG", f"{self._path} ({error.strerror})", "writable"
                ) from None

    def write(self, event: str, **fields: str | int) -> None:
        """Write a record, which is on disk when this returns.

        Raises:
            UnavailableError: It could not be written.
        """
        try:
            self._append(event, fields, is_synced=True)
        except OSError as error:
            self._failed()
            _LOG.error("the audit log cannot be written: %s", error.strerror)
            raise UnavailableError(
                "the audit log cannot be written, so that nothing was done: ask again later",
                field="audit_log",
                value=error.strerror or "",
            ) from None

    def note(self, event: str, **fields: str | int) -> None:
        """Write a record; where that fails, it is counted and logged, and that is all."""
        try:
            self.write(event, **fields)
        except UnavailableError:
            return

    def denied(self, **fields: str | int) -> None:
        """Write that a call was denied, unless too many were within this second."""
        with self._lock:
            second = int(self._clock())
            if second != self._second:
                self._second, self._denied = second, 0
            self._denied += 1
            if self._denied > DENIED_A_SECOND:
                self._left_out += 1
                return
            left_out, self._left_out = self._left_out, 0
        try:
            if left_out:
                fields["left_out"] = left_out
            self._append("denied", fields, is_synced=False)
        except OSError:
            self._failed()

    def _append(self, event: str, fields: dict[str, str | int], *, is_synced: bool) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC)
        record: dict[str, str | int] = {"time": at.isoformat(timespec="milliseconds")}
        record["event"] = event
        record |= {name: _cut(value) for name, value in fields.items()}
        line = orjson.dumps(record) + b"\n"
        if self._path is None:
            _LOG.info("%s", line.decode().strip())
            return
        with self._lock:
            descriptor = self._opened(self._path)
            try:
                _write_whole(descriptor, line)
                if is_synced:
                    _sync(descriptor)
            finally:
                os.close(descriptor)

    @staticmethod
    def _opened(path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _write_whole(descriptor: int, line: bytes) -> None:
    """Write a line, or nothing: on a full disk half of it would spoil the next one."""
    before = os.fstat(descriptor)
    if os.write(descriptor, line) != len(line):
        if stat.S_ISREG(before.st_mode):
            os.ftruncate(descriptor, before.st_size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a pipe or terminal, which has nothing to synchronise
            raise


def _cut(value: str | int) -> str | int:
    """Return what may be written: texts that callers choose are short, and valid Unicode."""
    if isinstance(value, int):
        return value
    return value[:_MAX_TEXT].encode(errors="replace").decode()
