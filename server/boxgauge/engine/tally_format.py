"""A tally as bytes: a versioned header, a checksum, and compressed columns."""

import hashlib
import json
import struct
import zlib
from dataclasses import asdict, fields, replace
from operator import index
from typing import Any

import numpy as np

from boxgauge.engine.matches import pattern_bytes
from boxgauge.engine.settings import AreaRange, EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.tally_columns import TallyColumns
from boxgauge.frames import ImageId, InvalidInputError, check_image_id

VERSION = 1
_MAGIC = b"BGTALLY\n"
# Magic, version, length of the body before compression, digest of all but the first two.
HEADER = struct.Struct("<8sIQ16s")
LENGTH = struct.Struct("<Q")
# What zlib can make of one byte at most: more is claimed only by what is not ours.
_MOST_INFLATION = 1040

Tally = tuple[
    tuple[ObjectClass, ...],
    EvaluationSettings,
    tuple[ImageId, ...],
    TallyColumns,
    tuple[bytes, ...],
]


def pack_tally(
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    image_ids: tuple[ImageId, ...],
    columns: TallyColumns,
    patterns: tuple[bytes, ...],
) -> bytes:
    """Return the bytes of a tally, the same for the same images in the same order.

    Args:
        classes: In ascending id.
        settings: The tally's.
        image_ids: In report order.
        columns: Of these images, in this order.
        patterns: What the columns' codes stand for, more at will.
    """
    used = sorted(np.unique(columns.codes).tolist(), key=patterns.__getitem__)
    known = [patterns[k] for k in used]
    renamed = np.zeros(max(len(patterns), 1), dtype=_code_type(len(known)))
    renamed[used] = np.arange(len(used))
    columns = replace(columns, codes=renamed[columns.codes])
    width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
    about = {
        "classes": [[each.id, each.name] for each in classes],
        "settings": asdict(settings),
        "image_ids": image_ids,
        "detections": len(columns.scores),
        "ground_truths": len(columns.truth_labels),
        "patterns": len(known),
    }
    text = json.dumps(about, separators=(",", ":")).encode()
    parts = [LENGTH.pack(len(text)), text, *(each.ljust(width, b"\0") for each in known)]
    parts += [_little_endian(getattr(columns, each.name)) for each in fields(columns)]
    body = b"".join(parts)
    packed = zlib.compress(body, 1)
    return HEADER.pack(_MAGIC, VERSION, len(body), digest(len(body), packed)) + packed


def unpack_tally(data: bytes) -> Tally:
    """Return what was packed.

    Raises:
        InvalidInputError: These are not the bytes of a tally, or of a version that this one
            does not read, or they were cut short or changed.
    """
    if len(data) < HEADER.size or not data.startswith(_MAGIC):
        raise _refused(f"{len(data)} bytes that begin with {data[:8]!r}", "the bytes of a tally")
    _, version, length, wanted = HEADER.unpack_from(data)
    if version != VERSION:
        raise _refused(f"version {version}", f"of version {VERSION}, which is what is read here")
    packed = data[HEADER.size :]
    if digest(length, packed) != wanted:
        raise _refused(f"{len(data)} bytes with another digest", "whole and unchanged")
    inflate = zlib.decompressobj()
    try:
        body = inflate.decompress(packed, min(length, _MOST_INFLATION * len(packed)) + 1)
    except zlib.error as error:
        raise _refused(f"what does not inflate ({error})", "compressed by zlib") from None
    if len(body) != length:
        raise _refused(f"{len(body)} bytes or more", f"{length} bytes after decompression")
    try:
        return _parse(body)
    except KeyError as error:
        raise _refused(f"no {error}", "as this version writes it") from None
    except (TypeError, ValueError, struct.error) as error:
        raise _refused(f"columns that do not fit ({error})", "as this version writes it") from None


def _parse(body: bytes) -> Tally:
    (length,) = LENGTH.unpack_from(body)
    start = LENGTH.size + length
    about: dict[str, Any] = json.loads(body[LENGTH.size : start])
    classes = check_classes(ObjectClass(index(each), str(name)) for each, name in about["classes"])
    asked = about["settings"]
    settings = EvaluationSettings(
        iou_thresholds=tuple(asked["iou_thresholds"]),
        areas=tuple(AreaRange(**each) for each in asked["areas"]),
        max_detections=tuple(map(index, asked["max_detections"])),
        strict=asked["strict"],
        score_threshold=asked["score_threshold"],
        class_agnostic=asked["class_agnostic"],
    )
    image_ids = tuple(
        check_image_id(each, f"image_ids[{k}]") for k, each in enumerate(about["image_ids"])
    )
    detections, truths, known = (
        _size(name, about[name]) for name in ("detections", "ground_truths", "patterns")
    )
    width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
    patterns = tuple(
        body[start + k * width : start + (k + 1) * width].rstrip(b"\0") for k in range(known)
    )
    start += known * width
    like = TallyColumns.empty(len(classes), settings)
    like = replace(like, codes=np.empty(0, _code_type(len(patterns))))
    rows = dict.fromkeys(("scores", "codes", "labels", "ranks"), detections)
    rows |= dict.fromkeys(("truth_labels", "truth_counted"), truths)
    found = {}
    for each in fields(like):
        empty = getattr(like, each.name)
        shape = (rows.get(each.name, len(image_ids)), *empty.shape[1:])
        dtype = empty.dtype.newbyteorder("<")
        column = np.frombuffer(body, dtype, int(np.prod(shape)), start).reshape(shape)
        found[each.name] = column.astype(empty.dtype)
        start += column.nbytes
    columns = TallyColumns(**found)
    _check(body[start:], columns, len(classes), len(patterns), image_ids)
    return classes, settings, image_ids, columns, patterns


def _check(
    rest: bytes,
    columns: TallyColumns,
    classes: int,
    patterns: int,
    image_ids: tuple[ImageId, ...],
) -> None:
    """Raise ValueError where another writer has put what a tally cannot hold."""
    if rest:
        raise ValueError(f"{len(rest)} bytes are left over")
    if int(columns.counts.sum()) != len(columns.scores):
        raise ValueError("the images' detections do not add up")
    if int(columns.truth_counts.sum()) != len(columns.truth_labels):
        raise ValueError("the images' ground truths do not add up")
    if int(columns.codes.max(initial=0)) >= max(patterns, 1):
        raise ValueError("a code has no pattern")
    if max(int(each.max(initial=0)) for each in (columns.labels, columns.truth_labels)) >= classes:
        raise ValueError("a label has no class")
    if len(set(image_ids)) != len(image_ids):
        raise ValueError("an image occurs twice")


def _size(name: str, found: object) -> int:
    """Return a number of rows; numpy would read a negative one as all that is left."""
    if not isinstance(found, int) or found < 0:
        raise InvalidInputError.at(name, found, "at least 0")
    return found


def _code_type(patterns: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if patterns <= 2**16 else np.uint32


def _little_endian(column: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    return column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes()


def digest(length: int, packed: bytes) -> bytes:
    """Return the checksum of a compressed body and its length before."""
    made = hashlib.blake2b(LENGTH.pack(length), digest_size=16)
    made.update(packed)
    return made.digest()


def _refused(found: str, wanted: str) -> InvalidInputError:
    return InvalidInputError.at("tally", found, wanted)
