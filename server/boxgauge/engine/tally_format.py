"""A tally as bytes: a versioned header, a checksum, and compressed columns."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from boxgauge.engine.matches import pattern_bytes
from boxgauge.engine.sealing import Seal, count_of, describe, described
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.tally_columns import TallyColumns
from boxgauge.frames import ImageId, check_image_id

VERSION = 1
SEAL = Seal(b"BGTALLY\n", VERSION, level=1)

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
    about = describe(classes, settings) | {
        "image_ids": image_ids,
        "detections": len(columns.scores),
        "ground_truths": len(columns.truth_labels),
        "patterns": len(known),
    }
    parts = [each.ljust(width, b"\0") for each in known]
    parts += [_little_endian(getattr(columns, each.name)) for each in fields(columns)]
    return SEAL.close(about, parts)


def unpack_tally(data: bytes) -> Tally:
    """Return what was packed.

    Raises:
        InvalidInputError: These are not the bytes of a tally, or of a version that this one
            does not read, or they were cut short or changed.
    """
    return SEAL.open(data, _parse)


def _parse(about: dict[str, Any], body: bytes) -> Tally:
    classes, settings = described(about)
    image_ids = tuple(
        check_image_id(each, f"image_ids[{k}]") for k, each in enumerate(about["image_ids"])
    )
    detections, truths, known = (
        count_of(about, name) for name in ("detections", "ground_truths", "patterns")
    )
    width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
    patterns = tuple(body[k * width : (k + 1) * width].rstrip(b"\0") for k in range(known))
    start = known * width
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


def _code_type(patterns: int) -> type[np.unsignedinteger[Any]]:
    return np.uint16 if patterns <= 2**16 else np.uint32


def _little_endian(column: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    return column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes()
