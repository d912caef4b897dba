"""How a record lies in a file: marked, with its length and checksum, so that damage is found."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# No UTF-8 text and no ordinary float begins so; behind damage, reading goes on at the next one.
MARK = b"\xf5\xb6\xc1\x0a"
_HEAD = struct.Struct("<4sII")
OVERHEAD = _HEAD.size


@dataclass(frozen=True, slots=True)
class Found:
    """One whole record.

    Attributes:
        payload: What was recorded.
        start: Where it begins in what was scanned.
        end: Behind it.
    """

    payload: bytes
    start: int
    end: int


def framed(payload: bytes) -> bytes:
    """Return a payload as it is written."""
    length = len(payload)
    return _HEAD.pack(MARK, length, _checksum(length, payload)) + payload


def whole_records(content: bytes, start: int = 0) -> Iterator[Found]:
    """Yield the records of a file in order; what is between them is damaged.

    A record that is cut off, or whose length or content changed, is not yielded.
    """
    at = start
    while (at := content.find(MARK, at)) >= 0:
        found = _record_at(content, at)
        if found is None:
            at += 1
        else:
            yield found
            at = found.end


def _record_at(content: bytes, start: int) -> Found | None:
    if len(content) - start < OVERHEAD:
        return None
    _, length, checksum = _HEAD.unpack_from(content, start)
    end = start + OVERHEAD + length
    if end > len(content):
        return None
    payload = content[start + OVERHEAD : end]
    return Found(payload, start, end) if _checksum(length, payload) == checksum else None


def _checksum(length: int, payload: bytes) -> int:
    """Return a checksum of both, so that a changed length is found as well."""
    return zlib.crc32(payload, length)
