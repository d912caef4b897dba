"""A cell as bytes: header and checksum as a tally's, and compressed columns."""

import math
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matches import pattern_bytes
from boxgauge.engine.online.cell import Cell
from boxgauge.engine.online.encoding import truth_parts
from boxgauge.engine.online.numbered import Place
from boxgauge.engine.online.ring import Bucket
from boxgauge.engine.online.sums import WindowSums
from boxgauge.engine.online.worst import KEPT, Worst, entries_of
from boxgauge.engine.sealing import Seal, count_of
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch import grouped as form
from boxgauge.engine.sketch.grouped import GroupedRows, Tallied, narrow
from boxgauge.engine.sketch.keys import KEY_BITS
from boxgauge.engine.sketch.varints import from_varints, to_varints
from boxgauge.frames import check_image_id

SEAL = Seal(b"BGCELLS\n", version=1, level=6)

UInt64 = NDArray[np.uint64]
Patterns = tuple[bytes, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StoredCell:
    """A cell that was read.

    Attributes:
        place: Its slice and bucket.
        cell: Codes are places in ``patterns``; images by source are not in its sums.
        patterns: Of outcomes.
        sources: How many images there are by the source of their label.
    """

    place: Place
    cell: Cell
    patterns: Patterns
    sources: tuple[tuple[str, int], ...]


class CellFormat:
    """Writes and reads the cells of one store.

    Args:
        store: Identifies classes, settings, ring and losses; cells of others are refused.
        classes: How many.
        settings: The store's.
        losses: How many.

    Attributes:
        classes: How many.
    """

    def __init__(self, store: str, classes: int, settings: EvaluationSettings, losses: int) -> None:
        self._store = store
        self.classes = classes
        self._maxima, self._areas = len(settings.max_detections), 2 ** len(settings.areas)
        self._width = pattern_bytes(len(settings.areas), len(settings.iou_thresholds))
        self._empty = WindowSums.empty(losses)

    def pack(self, place: Place, cell: Cell, patterns: Patterns, sources: tuple[str, ...]) -> bytes:
        """Return the bytes of a cell, whatever the numbers of its patterns and sources.

        Rows stand by class, maximum and pattern, then by bin and group: so they are small
        differences.
        """
        cell = Cell.joined([cell])
        rows = cell.rows[0] if cell.rows else GroupedRows.empty(self.classes)
        truths = cell.truths[0] if cell.truths else Tallied.empty()
        known = np.unique(form.code_of(rows.tallied.ids)).tolist()
        used = sorted(known, key=patterns.__getitem__)
        codes = np.zeros(len(patterns), np.int64)
        codes[used] = np.arange(len(used))
        ids = rows.tallied.ids
        label, bucket, code = form.label_of(ids), form.bucket_of(ids), codes[form.code_of(ids)]
        bins = form.key_of(ids) << np.uint64(form.GROUP_BITS) | form.group_of_id(ids)
        order = np.lexsort([bins, code, bucket, label])
        kind = np.stack([label, bucket, code], axis=1)[order]
        starts = np.flatnonzero(np.append(True, (kind[1:] != kind[:-1]).any(axis=1))[: len(ids)])
        bins = bins[order].astype(np.int64)
        steps = np.diff(bins, prepend=0)
        steps[starts] = bins[starts]
        sums = cell.sums.without_sources()
        name, (width_us, start_us) = place
        about = {
            "store": self._store,
            "slice": name,
            "bucket": [width_us, start_us],
            "sources": cell.sums.sources(sources),
            "worst": [[each.errors, each.loss, each.image_id] for each in cell.worst.images(KEPT)],
            "patterns": len(used),
            "kinds": len(starts),
            "rows": len(ids),
            "truths": len(truths),
        }
        columns = (
            *kind[starts].T,
            np.diff(np.append(starts, len(ids))),
            steps,
            rows.tallied.counts[order],
            np.diff(truths.ids, prepend=np.uint64(0)),
            truths.counts,
        )
        return SEAL.close(
            about,
            [
                *(patterns[k].ljust(self._width, b"\0") for k in used),
                rows.levels.tobytes(),
                sums.numbers.astype("<i8").tobytes(),
                sums.counts.astype("<u8").tobytes(),
                to_varints(np.concatenate([each.astype(np.uint64) for each in columns])),
            ],
        )

    def unpack(self, data: bytes) -> StoredCell:
        """Return what was packed.

        Raises:
            InvalidInputError: These are not the bytes of a cell, or of another store or version,
                or they were cut short or changed.
        """
        return SEAL.open(data, self._parse)

    def _parse(self, about: dict[str, Any], body: bytes) -> StoredCell:
        if about["store"] != self._store:
            raise ValueError("it is of other classes, settings, buckets or losses")
        known, kinds, n, t = (
            count_of(about, name) for name in ("patterns", "kinds", "rows", "truths")
        )
        patterns = tuple(
            body[k * self._width : (k + 1) * self._width].rstrip(b"\0") for k in range(known)
        )
        start = known * self._width
        levels = np.frombuffer(body, np.uint8, self.classes, start)
        start += self.classes
        numbers, counted = len(self._empty.numbers), len(self._empty.counts)
        sums = WindowSums(
            np.frombuffer(body, "<i8", numbers, start).astype(np.int64),
            np.frombuffer(body, "<u8", counted, start + 8 * numbers).astype(np.uint64),
        ).with_sources({})
        rest = body[start + 8 * (numbers + counted) :]
        lengths = (kinds, kinds, kinds, kinds, n, n, t, t)
        columns, rest = from_varints(rest, sum(lengths))
        label, bucket, code, times, steps, counts, truth_steps, truth_counts = np.split(
            columns, np.cumsum(lengths[:-1])
        )
        if rest:
            raise ValueError(f"{len(rest)} bytes are left over")
        if int(times.sum()) != n or not times.all():
            raise ValueError("the kinds' rows do not add up")
        for found, limit in ((label, self.classes), (bucket, self._maxima), (code, known)):
            if int(found.max(initial=0)) >= max(limit, 1):
                raise ValueError(f"{int(found.max())} of {limit} is there")
        ids = _row_ids(label, bucket, code, times.astype(np.int64), steps)
        order = np.argsort(ids)
        rows = Tallied(ids[order], narrow(counts[order].astype(np.int64)))
        truths = Tallied(np.cumsum(truth_steps), narrow(truth_counts.astype(np.int64)))
        if not sums.is_possible() or int(levels.max()) > KEY_BITS:
            raise ValueError("a sum or a bin cannot be")
        self._check(rows, truths, levels)
        if len(set(patterns)) != known:
            raise ValueError("a pattern occurs twice")
        width_us, start_us = map(index, about["bucket"])
        return StoredCell(
            (str(about["slice"]), Bucket(width_us, start_us)),
            Cell(
                (GroupedRows(rows, levels),) if n else (),
                (truths,) if t else (),
                sums,
                _worst(about["worst"]),
            ),
            patterns,
            tuple((str(name), index(count)) for name, count in about["sources"]),
        )

    def _check(self, rows: Tallied, truths: Tallied, levels: NDArray[np.uint8]) -> None:
        """Raise ValueError where another writer has put what a cell cannot hold."""
        for each in (rows, truths):
            if (each.ids[1:] <= each.ids[:-1]).any():
                raise ValueError("a row occurs twice")
        room = np.uint64(2**KEY_BITS - 1) >> levels.astype(np.uint64)
        if (form.key_of(rows.ids) > room[form.label_of(rows.ids)]).any():
            raise ValueError("a bin lies outside")
        label, areas = truth_parts(truths.ids)
        if int(label.max(initial=0)) >= self.classes or int(areas.max(initial=0)) >= self._areas:
            raise ValueError("a ground truth has no class or area range")


def _row_ids(
    label: UInt64, bucket: UInt64, code: UInt64, times: NDArray[np.int64], steps: UInt64
) -> UInt64:
    """Return the ids of the rows of kinds that have so many each."""
    of_kind = np.repeat(np.arange(len(times)), times)
    upto = np.cumsum(steps)
    bins = upto - (upto - steps)[np.cumsum(times) - times][of_kind]
    if int(bins.max(initial=0)) >= 2 ** (KEY_BITS + form.GROUP_BITS):
        raise ValueError("a bin lies outside")
    group = (bins & np.uint64(2**form.GROUP_BITS - 1)).astype(np.int64)
    return form.grouped_ids(
        label.astype(np.int64)[of_kind],
        bins >> np.uint64(form.GROUP_BITS),
        bucket.astype(np.int64)[of_kind],
        code.astype(np.int64)[of_kind],
        group,
    )


def _worst(entries: list[Any]) -> Worst:
    errors = np.array([index(each[0]) for each in entries], np.int64)
    losses = np.array([math.nan if each[1] is None else each[1] for each in entries], np.float64)
    ids = [check_image_id(each[2], "worst.image_id") for each in entries]
    return Worst(tuple(sorted(entries_of(ids, errors, losses))))
