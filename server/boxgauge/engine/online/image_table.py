"""Images one below the other, with all that an exact store keeps of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.online.observed import ImageColumns
from boxgauge.engine.pattern_codes import PatternCodes
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.tally_columns import GrowingColumns, TallyColumns
from boxgauge.frames import ImageId

# Of an image in dictionaries and lists, beside the bytes of an id that is a string.
_IMAGE_BYTES, _PATTERN_BYTES = 250, 200
# Rows of images that were taken away may stay up to this many, and from there on up to one in
# eight of all.
MANY_REMOVED, _REMOVED_SHARE = 1024, 8

SliceNames = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where images are in time and among slices.

    Attributes:
        times_us: Event time, int64 [images].
        sets: Number of the set of slices that the image is in, uint32 [images].
    """

    times_us: NDArray[np.int64]
    sets: NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class ImageRows:
    """Images, in the order in which they came.

    Attributes:
        image_ids: One id an image.
        columns: Detections and ground truths; codes are places in ``patterns``.
        patterns: Packed outcomes.
        observed: What else there is of each.
        times_us: Event time, int64 [images].
        slices: Of each image, beside that of all.
    """

    image_ids: tuple[ImageId, ...]
    columns: TallyColumns
    patterns: Sequence[bytes]
    observed: ImageColumns
    times_us: NDArray[np.int64]
    slices: Sequence[SliceNames]


@dataclass(frozen=True, slots=True, eq=False)
class TableSnapshot:
    """A table at one moment; later changes leave it alone.

    Attributes:
        image_ids: Of all rows; more may follow.
        is_there: The row's image was not taken away, bool [rows].
        columns: Of all rows.
        patterns: Outcomes by the columns' codes.
        observed: Of all rows.
        placed: Likewise.
        sets: Slices by the number of the set.
    """

    image_ids: Sequence[ImageId]
    is_there: NDArray[np.bool_]
    columns: TallyColumns
    patterns: tuple[bytes, ...]
    observed: ImageColumns
    placed: Placed
    sets: tuple[SliceNames, ...]


class ImageTable:
    """Images by id; they are added at the end, and marked where they are taken away.

    Args:
        classes: How many.
        settings: The store's.
        losses: How many.
    """

    def __init__(self, classes: int, settings: EvaluationSettings, losses: int) -> None:
        self._codes = PatternCodes()
        self._sets: dict[SliceNames, int] = {}
        self._set_names: list[SliceNames] = []
        self._columns = GrowingColumns(TallyColumns.empty(classes, settings))
        self._observed = GrowingColumns(ImageColumns.empty(losses))
        self._placed = GrowingColumns(Placed(np.zeros(0, np.int64), np.zeros(0, np.uint32)))
        self._ids: list[ImageId] = []
        self._rows: dict[ImageId, int] = {}
        self._is_there = bytearray()
        self._text_bytes = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._rows

    @property
    def nbytes(self) -> int:
        """Bytes that the table takes, with what was taken away and lies idle."""
        growing = (self._columns, self._observed, self._placed)
        named = _IMAGE_BYTES * len(self._ids) + self._text_bytes
        patterns = _PATTERN_BYTES * len(self._codes)
        return sum(each.nbytes for each in growing) + named + patterns

    def nbytes_with(self, rows: ImageRows) -> int:
        """Return the bytes that the table would take with these images."""
        new = len({*rows.patterns} - self._codes.keys())
        placed = Placed(rows.times_us, np.zeros(len(rows.image_ids), np.uint32))
        codes = np.zeros(len(rows.columns.codes), _code_type(len(self._codes) + new))
        columns = replace(rows.columns, codes=codes)
        return (
            self._columns.nbytes_with(columns)
            + self._observed.nbytes_with(rows.observed)
            + self._placed.nbytes_with(placed)
            + _IMAGE_BYTES * (len(self._ids) + len(rows.image_ids))
            + self._text_bytes
            + sum(map(_text_bytes, rows.image_ids))
            + _PATTERN_BYTES * (len(self._codes) + new)
        )

    def append(self, rows: ImageRows) -> None:
        """Add images that are not there."""
        codes = self._codes.encode(rows.patterns)
        sets = [self._sets.setdefault(each, len(self._sets)) for each in rows.slices]
        self._set_names += [*self._sets][len(self._set_names) :]
        self._columns.append(replace(rows.columns, codes=codes[rows.columns.codes]))
        self._observed.append(rows.observed)
        self._placed.append(Placed(rows.times_us, np.array(sets, np.uint32)))
        first = len(self._ids)
        self._ids += rows.image_ids
        self._rows.update(zip(rows.image_ids, range(first, len(self._ids)), strict=True))
        self._is_there += b"\1" * len(rows.image_ids)
        self._text_bytes += sum(map(_text_bytes, rows.image_ids))

    def has(self, image_id: ImageId, time_us: int, slices: SliceNames, detections: int) -> bool:
        """Say whether an image is there, and has this time, these slices and so many boxes."""
        row = self._rows.get(image_id)
        if row is None:
            return False
        placed = self._placed.values
        same_slices = self._sets.get(slices) == placed.sets[row]
        same_counts = int(self._columns.values.counts[row]) == detections
        return bool(same_slices and same_counts and placed.times_us[row] == time_us)

    def remove(self, image_id: ImageId) -> tuple[int, SliceNames] | None:
        """Take an image out; returns its event time and slices, None where it is not there."""
        row = self._rows.pop(image_id, None)
        if row is None:
            return None
        self._is_there[row] = 0
        placed = self._placed.values
        return int(placed.times_us[row]), self._set_names[placed.sets[row]]

    def before(self, time_us: int) -> list[ImageId]:
        """Return the images whose event time is before this one."""
        rows = np.flatnonzero(self._placed.values.times_us < time_us).tolist()
        return [self._ids[row] for row in rows if self._is_there[row]]

    def tidy(self) -> None:
        """Forget rows of images that were taken away, if there are many."""
        removed = len(self._ids) - len(self._rows)
        if removed <= MANY_REMOVED + len(self._ids) // _REMOVED_SHARE:
            return
        kept = np.array([*self._rows.values()], np.int64)
        self._codes, columns = self._codes.needed(self._columns.values.take(kept))
        self._columns = GrowingColumns(columns)
        self._observed = GrowingColumns(self._observed.values.take(kept))
        placed = self._placed.values
        used, sets = np.unique(placed.sets[kept], return_inverse=True)
        self._set_names = [self._set_names[each] for each in used.tolist()]
        self._sets = {each: k for k, each in enumerate(self._set_names)}
        self._placed = GrowingColumns(Placed(placed.times_us[kept], sets.astype(np.uint32)))
        # Another list: snapshots go on with the old one.
        self._ids = [*self._rows]
        self._rows = dict(zip(self._ids, range(len(self._ids)), strict=True))
        self._is_there = bytearray(b"\1" * len(self._ids))
        self._text_bytes = sum(map(_text_bytes, self._ids))

    def snapshot(self) -> TableSnapshot:
        """Return the table as it is; a byte an image is copied."""
        return TableSnapshot(
            self._ids,
            np.frombuffer(bytes(self._is_there), np.bool_),
            self._columns.values,
            tuple(self._codes),
            self._observed.values,
            self._placed.values,
            tuple(self._set_names),
        )


def _text_bytes(image_id: ImageId) -> int:
    return len(image_id) if isinstance(image_id, str) else 0


def _code_type(patterns: int) -> "type[np.uint16] | type[np.uint32]":
    return np.uint16 if patterns <= 2**16 else np.uint32
