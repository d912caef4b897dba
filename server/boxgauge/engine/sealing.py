"""Bytes with a versioned header and a checksum around what zlib has compressed."""

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from operator import index
from typing import Any, TypeVar

from boxgauge.engine.settings import AreaRange, EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError

T = TypeVar("T")

# Magic, version, length of the body before compression, digest of all but the first two.
HEADER = struct.Struct("<8sIQ16s")
LENGTH = struct.Struct("<Q")
# What zlib can make of one byte at most: more is claimed only by what is not ours.
_MOST_INFLATION = 1040


@dataclass(frozen=True, slots=True)
class Seal:
    """How one kind of tally is marked.

    Attributes:
        magic: Its first 8 bytes.
        version: Of the body.
        level: How hard zlib tries.
    """

    magic: bytes
    version: int
    level: int

    def close(self, about: Mapping[str, Any], parts: list[bytes]) -> bytes:
        """Return the bytes of a text, as JSON, and of what follows it."""
        text = json.dumps(about, separators=(",", ":")).encode()
        body = b"".join([LENGTH.pack(len(text)), text, *parts])
        packed = zlib.compress(body, self.level)
        digested = digest(len(body), packed)
        return HEADER.pack(self.magic, self.version, len(body), digested) + packed

    def open(self, data: bytes, parse: Callable[[dict[str, Any], bytes], T]) -> T:
        """Return what ``parse`` makes of the text and of what follows it.

        Raises:
            InvalidInputError: These are not such bytes, or of a version that is not this one,
                or they were cut short or changed, or ``parse`` could not make sense of them.
        """
        if len(data) < HEADER.size or not data.startswith(self.magic):
            found = f"{len(data)} bytes that begin with {data[:8]!r}"
            raise _refused(found, "the bytes of a tally")
        _, version, length, wanted = HEADER.unpack_from(data)
        if version != self.version:
            what = f"of version {self.version}, which is what is read here"
            raise _refused(f"version {version}", what)
        packed = data[HEADER.size :]
        if digest(length, packed) != wanted:
            raise _refused(f"{len(data)} bytes with another digest", "whole and unchanged")
        body = _inflated(packed, length)
        try:
            (text,) = LENGTH.unpack_from(body)
            start = LENGTH.size + text
            return parse(json.loads(body[LENGTH.size : start]), body[start:])
        except KeyError as error:
            raise _refused(f"no {error}", "as this version writes it") from None
        except (TypeError, ValueError, struct.error) as error:
            found = f"columns that do not fit ({error})"
            raise _refused(found, "as this version writes it") from None


def describe(classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> dict[str, Any]:
    """Return classes and settings as JSON has them."""
    return {
        "classes": [[each.id, each.name] for each in classes],
        "settings": asdict(settings),
    }


def described(about: Mapping[str, Any]) -> tuple[tuple[ObjectClass, ...], EvaluationSettings]:
    """Return the classes and settings of `describe`."""
    classes = check_classes(ObjectClass(index(each), str(name)) for each, name in about["classes"])
    asked = about["settings"]
    return classes, EvaluationSettings(
        iou_thresholds=tuple(asked["iou_thresholds"]),
        areas=tuple(AreaRange(**each) for each in asked["areas"]),
        max_detections=tuple(map(index, asked["max_detections"])),
        strict=asked["strict"],
        score_threshold=asked["score_threshold"],
        class_agnostic=asked["class_agnostic"],
    )


def count_of(about: Mapping[str, Any], name: str) -> int:
    """Return a number of rows; numpy would read a negative one as all that is left."""
    found = about[name]
    if not isinstance(found, int) or found < 0:
        raise InvalidInputError.at(name, found, "at least 0")
    return found


def digest(length: int, packed: bytes) -> bytes:
    """Return the checksum of a compressed body and its length before."""
    made = hashlib.blake2b(LENGTH.pack(length), digest_size=16)
    made.update(packed)
    return made.digest()


def _inflated(packed: bytes, length: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        body = inflate.decompress(packed, min(length, _MOST_INFLATION * len(packed)) + 1)
    except zlib.error as error:
        raise _refused(f"what does not inflate ({error})", "compressed by zlib") from None
    if len(body) != length:
        raise _refused(f"{len(body)} bytes or more", f"{length} bytes after decompression")
    return body


def _refused(found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError.at("tally", found, wanted)
