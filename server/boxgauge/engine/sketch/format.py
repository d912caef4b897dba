"""A sketch as bytes: header and checksum as the exact tally's, and compressed columns."""

from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import SUMS, pattern_bytes
from boxgauge.engine.sealing import Seal, count_of, describe, described
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sketch import rows as form
from boxgauge.engine.sketch.keys import KEY_BITS
from boxgauge.engine.sketch.rows import SketchRows
from boxgauge.engine.sketch.totals import SketchTotals
from boxgauge.engine.sketch.varints import from_varints, to_varints

SEAL = Seal(b"BGSKTCH\n", version=1, level=9)

UInt64 = NDArray[np.uint64]
Patterns = tuple[bytes, ...]
# The totals that are plain numbers, in their order.
_COUNTS = ("images", "true_positives", "false_positives", "outside")

Sketch = tuple[
    tuple[ObjectClass, ...],
    EvaluationSettings,
    SketchRows,
    Patterns,
    SketchTotals,
]


def pack_sketch(
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    rows: SketchRows,
    patterns: Patterns,
    totals: SketchTotals,
) -> bytes:
    """Return the bytes of a sketch, whatever order its patterns stand in.

    Rows stand by class, then by kind (bucket and pattern), then by bin: the bins of a kind are
    then small differences. A class lists its kinds with the number of rows of each.
    """
    order = sorted(range(len(patterns)), key=patterns.__getitem__)
    codes = np.zeros(len(patterns), np.int64)
    codes[order] = np.arange(len(patterns))
    rows = rows.renamed(codes)
    label, key, kind = (each(rows.ids) for each in (form.label_of, form.key_of, form.kind_of))
    by_kind = np.lexsort([key, kind, label])
    label, key, kind = label[by_kind], key[by_kind].astype(np.int64), kind[by_kind]
    starts = np.flatnonzero(_differs(label) | _differs(kind))
    steps = np.diff(key, prepend=0)
    steps[starts] = key[starts]
    width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
    about = describe(classes, settings) | {
        **{each: getattr(totals, each) for each in _COUNTS},
        "sums": totals.sums,
        "patterns": len(patterns),
        "kinds": len(starts),
        "rows": len(rows.ids),
    }
    return SEAL.close(
        about,
        [
            *(patterns[k].ljust(width, b"\0") for k in order),
            rows.levels.tobytes(),
            *(
                to_varints(each)
                for each in (
                    totals.positives,
                    label[starts],
                    kind[starts] >> np.uint64(form.CODE_BITS),
                    kind[starts] & np.uint64(2**form.CODE_BITS - 1),
                    np.diff(np.append(starts, len(label))),
                    steps,
                    rows.counts[by_kind],
                )
            ),
        ],
    )


def unpack_sketch(data: bytes) -> Sketch:
    """Return what was packed.

    Raises:
        InvalidInputError: These are not the bytes of a sketch, or of a version that this one
            does not read, or they were cut short or changed.
    """
    return SEAL.open(data, _parse)


def _parse(about: dict[str, Any], body: bytes) -> Sketch:
    classes, settings = described(about)
    known, kinds, n = (count_of(about, name) for name in ("patterns", "kinds", "rows"))
    width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
    patterns = tuple(body[k * width : (k + 1) * width].rstrip(b"\0") for k in range(known))
    levels = np.frombuffer(body, np.uint8, len(classes), known * width)
    positives, rest = from_varints(
        body[known * width + len(classes) :], len(classes) * len(settings.areas)
    )
    label, rest = from_varints(rest, kinds)
    bucket, rest = from_varints(rest, kinds)
    code, rest = from_varints(rest, kinds)
    times, rest = from_varints(rest, kinds)
    steps, rest = from_varints(rest, n)
    counts, rest = from_varints(rest, n)
    if rest:
        raise ValueError(f"{len(rest)} bytes are left over")
    if int(times.sum()) != n or not times.all():
        raise ValueError("the kinds' rows do not add up")
    of_kind = np.repeat(np.arange(kinds), times.astype(np.int64))
    upto = np.cumsum(steps)
    starts = (np.cumsum(times) - times).astype(np.int64)
    key = upto - (upto - steps)[starts][of_kind]
    ids = form.packed(label[of_kind], key, form.kinds(bucket, code)[of_kind])
    order = np.argsort(ids)
    rows = SketchRows(ids[order], counts.astype(np.int64)[order], levels)
    images, hits, misses, outside = (count_of(about, each) for each in _COUNTS)
    by_class = positives.astype(np.int64).reshape(len(classes), len(settings.areas))
    sums = tuple(map(index, about["sums"]))
    totals = SketchTotals(images, hits, misses, outside, by_class, sums)
    _check_kinds(label, len(classes), bucket, len(settings.max_detections), code, patterns)
    _check_rows(rows, steps)
    if len(totals.sums) != SUMS or not totals.is_possible():
        raise ValueError("a sum cannot be")
    return classes, settings, rows, patterns, totals


def _check_kinds(
    label: UInt64, classes: int, bucket: UInt64, maxima: int, code: UInt64, patterns: Patterns
) -> None:
    """Raise ValueError where another writer has put what a sketch cannot hold."""
    for found, limit in ((label, classes), (bucket, maxima), (code, len(patterns))):
        if int(found.max(initial=0)) >= max(limit, 1):
            raise ValueError(f"{int(found.max())} of {limit} is there")
    if len(set(patterns)) != len(patterns):
        raise ValueError("a pattern occurs twice")


def _check_rows(rows: SketchRows, steps: UInt64) -> None:
    """Raise ValueError, likewise."""
    if int(rows.levels.max()) > KEY_BITS or int(steps.max(initial=0)) >= 2**KEY_BITS:
        raise ValueError("a bin lies outside")
    label = form.label_of(rows.ids)
    room = np.uint64(2**KEY_BITS - 1) >> rows.levels.astype(np.uint64)
    if (form.key_of(rows.ids) > room[label]).any() or (rows.ids[1:] <= rows.ids[:-1]).any():
        raise ValueError("a bin lies outside or occurs twice")
    if int(rows.counts.min(initial=0)) < 0:
        raise ValueError("a count is too large")
    if rows.fitted() is not rows:
        raise ValueError("there are more bins or rows than a class may have")


def _differs(column: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Return where a value is another than the one before it; the first one is."""
    return np.append(True, column[1:] != column[:-1])[: len(column)]
