"""Frames on disk until the service has acknowledged them, in order and bounded."""

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from boxgauge.client.feed.folder import Segment, lock, path_of, recover
from boxgauge.client.feed.records import framed, whole_records
from boxgauge.client.feed.segments import Names, Writer, head_of
from boxgauge.frames import FailedPreconditionError, ResourceExhaustedError

_LOG = logging.getLogger(__name__)
_SEGMENT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two frames of a spool."""

    segment: int
    offset: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """One frame, whose it is, and the place behind it."""

    payload: bytes
    names: Names
    end: Position


class Spool:
    """A folder of frames that were recorded and not yet acknowledged.

    Files are appended to and removed as a whole, once all of their frames are
    acknowledged; a process that follows another one sends some of the last frames again.
    Recording and reading may happen in different threads.

    Args:
        folder: Made if it is missing; for one process at a time.
        names: Whose frames are recorded now. Those that are left keep their own.
        max_bytes: Size of all files from which on nothing more is recorded.
        fsync: Let frames survive the loss of power, not of the process alone.

    Attributes:
        recovered: Frames that an earlier process has left.
        appended: Frames recorded or recovered.
        acknowledged: Of those, frames no longer wanted.
        lost: Of those, frames that could not be read when their turn came.
        damaged_bytes: Bytes that could not be read when the spool was opened.
        torn_bytes: Bytes at the ends of files that could not be read: a process or machine
            stopped in the middle of a frame, which was never said to be recorded.

    Raises:
        FailedPreconditionError: Another process, or feed, uses the folder.
        ResourceExhaustedError: It cannot be written.
    """

    def __init__(self, folder: Path, names: Names, *, max_bytes: int, fsync: bool = False) -> None:
        self._folder = folder
        self._names = names
        self._max_bytes = max_bytes
        self._segment_bytes = min(_SEGMENT_BYTES, max(max_bytes // 8, 1))
        self._fsync = fsync
        self._lock = threading.Lock()
        self._writer: Writer | None = None
        self._closed = False
        self._in_use = lock(folder)
        found = recover(folder)
        self._segments = found.segments
        self._next = found.next_number
        self._size = sum(each.end for each in found.segments.values())
        self.damaged_bytes, self.torn_bytes = found.damaged, found.torn
        self.recovered = self.appended = found.frames
        self.acknowledged = self.lost = 0
        self._done = Position(next(iter(self._segments), self._next), 0)

    @property
    def size(self) -> int:
        """Size of all files."""
        return self._size

    @property
    def done(self) -> Position:
        """The place behind the last frame that is acknowledged."""
        return self._done

    @property
    def end(self) -> Position:
        """The place behind the last frame that is recorded."""
        with self._lock:
            if not self._segments:
                return self._done
            number, segment = next(reversed(self._segments.items()))
            return Position(number, segment.end)

    def append(self, payload: bytes) -> int:
        """Record one frame and return its number, from 1; it is then on its way to the disk.

        Raises:
            ResourceExhaustedError: The spool or the disk is full; nothing was recorded.
            FailedPreconditionError: It is closed.
        """
        record = framed(payload)
        with self._lock:
            if self._closed:
                raise FailedPreconditionError("the feed is closed: make a new one", field="spool")
            self._make_room(len(record))
            writer = self._writer or self._begin()
            writer.append(record)
            self._segments[self._next - 1].end = writer.end
            self._size += len(record)
            self.appended += 1
            return self.appended

    def read(self, start: Position) -> list[Spooled]:
        """Return frames from a place on, all of one file; nothing when there are none."""
        while (found := self._segment_at(start)) is not None:
            number, segment, offset, end = found
            content = _read(path_of(self._folder, number), offset, end)
            records = [
                Spooled(each.payload, segment.names, Position(number, offset + each.end))
                for each in whole_records(content)
            ]
            if records:
                return records
            start = Position(number, end)
        return []

    def acknowledge(self, position: Position, frames: int) -> None:
        """Forget the frames up to a place.

        Args:
            position: The place behind the last of them.
            frames: How many there are since the last call.
        """
        with self._lock:
            self._done = max(self._done, position)
            self.acknowledged += frames
            for number in [each for each in self._segments if each < position.segment]:
                self._remove(number)
            segment = self._segments.get(position.segment)
            # A small file goes on being written: one frame at a time would make one file each.
            kept = position.segment == self._writing and (
                segment is None or segment.end < self._segment_bytes // 2
            )
            if segment is not None and position.offset >= segment.end and not kept:
                self._remove(position.segment)
            self._count_lost()

    def _count_lost(self) -> None:
        """Where nothing is left to read, wait no longer for what was damaged on the disk."""
        last = next(reversed(self._segments), None)
        is_left = last is not None and self._done < Position(last, self._segments[last].end)
        lost = 0 if is_left else self.appended - self.acknowledged
        if lost:
            _LOG.error("%s: %d frames were recorded and cannot be read", self._folder, lost)
            self.lost += lost
            self.acknowledged = self.appended

    def close(self) -> None:
        """Give the folder free; what is not acknowledged stays in it."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            last = next(reversed(self._segments), None)
            if last is not None and self._done >= Position(last, self._segments[last].end):
                self._remove(last)
            self._end_writing()
            os.close(self._in_use)

    @property
    def _writing(self) -> int | None:
        """The number of the file that is appended to."""
        return None if self._writer is None else self._next - 1

    def _make_room(self, more: int) -> None:
        writing = self._writing
        if writing is not None:
            end = self._segments[writing].end
            full = end + more > self._segment_bytes or self._size + more > self._max_bytes
            if full and self._done >= Position(writing, end):
                self._remove(writing)
            elif end + more > self._segment_bytes:
                self._end_writing()
        head = len(head_of(self._names)) if self._writer is None else 0
        if self._size + head + more > self._max_bytes:
            waiting = self.appended - self.acknowledged
            raise ResourceExhaustedError(
                f"the spool must be at most {self._max_bytes} bytes: {waiting} frames of "
                f"{self._size} bytes wait to be acknowledged, and the next has {more}",
                field="max_spool_bytes",
                value=self._size,
            )

    def _begin(self) -> Writer:
        number = self._next
        made = Writer(path_of(self._folder, number), self._names, fsync=self._fsync)
        self._writer, self._next = made, number + 1
        self._segments[number] = Segment(self._names, made.start, made.end)
        self._size += made.end
        return made

    def _end_writing(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _remove(self, number: int) -> None:
        if number == self._writing:
            self._end_writing()
        self._size -= self._segments.pop(number).end
        path_of(self._folder, number).unlink(missing_ok=True)

    def _segment_at(self, start: Position) -> tuple[int, Segment, int, int] | None:
        """Return the first file with something from ``start`` on: where that begins and ends."""
        with self._lock:
            for number, segment in self._segments.items():
                offset = segment.start
                if number == start.segment:
                    offset = max(offset, start.offset)
                if number >= start.segment and offset < segment.end:
                    return number, segment, offset, segment.end
        return None


def _read(path: Path, start: int, end: int) -> bytes:
    with path.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), end - start, start)
