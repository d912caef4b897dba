"""A copy of the open file at one moment, read while the journal goes on.

Between two copies of its log back into it, the file does not change: what is written meanwhile is
in the log alone. So the log is copied back once, and then not until the file has been read.
"""

from dataclasses import dataclass
from io import RawIOBase
from os import fstat, pread

from boxgauge.frames import BoxGaugeError, UnavailableError


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The file as it is until it is let go.

    Attributes:
        size: Bytes of it.
        number: The last sequence number in it.
        changed_ns: When the file was written last.
    """

    file: RawIOBase
    size: int
    number: int
    changed_ns: int

    @classmethod
    def of(cls, file: RawIOBase, number: int) -> "Snapshot":
        """Return the snapshot of a file that is not written any more."""
        found = fstat(file.fileno())
        return cls(file, found.st_size, number, found.st_mtime_ns)

    def read(self, start: int, length: int) -> bytes:
        """Return some of it; on any thread, beside others: a backup that was cut off reads on.

        Raises:
            UnavailableError: The file was written, or cannot be read.
        """
        descriptor = self.file.fileno()
        if fstat(descriptor).st_mtime_ns != self.changed_ns:
            raise UnavailableError("the journal's file was written during the backup: try again")
        found = b""
        while len(found) < min(length, self.size - start):
            part = pread(descriptor, length - len(found), start + len(found))
            if not part:
                raise UnavailableError("the journal's file ended during the backup: try again")
            found += part
        return found


@dataclass(slots=True)
class Freezing:
    """What was asked for: that the file stands still, from the end of a transaction on.

    Attributes:
        snapshot: Of the file, once that is committed.
        error: Why there is none.
    """

    snapshot: Snapshot | None = None
    error: BoxGaugeError | None = None

    def taken(self) -> Snapshot:
        """Return the snapshot once it was committed.

        Raises:
            ResourceExhaustedError: The file system has no room to copy the log back.
            UnavailableError: It could not be copied back.
        """
        if self.snapshot is None:
            raise self.error or UnavailableError("the journal's file does not stand still")
        return self.snapshot
