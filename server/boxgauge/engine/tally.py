"""The exact tally: what every report follows from, image by image."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import Matches
from boxgauge.engine.pattern_codes import PatternCodes
from boxgauge.engine.report import Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.summary import summarise
from boxgauge.engine.tally_columns import GrowingColumns, TallyColumns
from boxgauge.engine.tally_format import pack_tally, unpack_tally
from boxgauge.engine.tally_snapshot import TallySnapshot
from boxgauge.frames import (
    AlreadyExistsError,
    ImageId,
    InvalidInputError,
    NotFoundError,
    image_order,
)

_MAX_CLASSES, _MAX_AREAS = 2**16, 32
# Patterns from which on those that no image has any more are looked for.
MANY_PATTERNS = 4096
# Images and detections that were removed may stay in the columns up to this many, and from
# there on up to one part in eight of all.
MANY_REMOVED, _REMOVED_SHARE = 16_384, 8


class ExactTally:
    """Keeps every evaluated detection's score, class, rank and outcomes.

    Any batching, order of images and tree of merges gives the same report, in all bits: ties
    rank by image id, then by place in the image.

    Args:
        classes: What is evaluated; at most 65,536.
        settings: With which thresholds; at most 32 area ranges.

    Raises:
        InvalidInputError: There are too many classes or area ranges.
    """

    def __init__(self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
        self.classes = check_classes(classes)
        self.settings = settings
        if len(classes) > _MAX_CLASSES:
            raise InvalidInputError.at("classes", len(classes), f"at most {_MAX_CLASSES}")
        if len(settings.areas) > _MAX_AREAS:
            raise InvalidInputError.at("areas", len(settings.areas), f"at most {_MAX_AREAS}")
        self._class_ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self.clear()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._places

    def add(self, matches: Matches) -> None:
        """Add images; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image is in the tally already, or twice among these.
            InvalidInputError: A label is no class of the tally.
        """
        image_ids = matches.image_ids
        self._refuse_known(image_ids, "the tally already")
        if len(set(image_ids)) < len(image_ids):
            twice = min((each for each in image_ids if image_ids.count(each) > 1), key=image_order)
            raise AlreadyExistsError(
                f"image {twice!r} is there twice", field="image_id", value=twice
            )
        columns = TallyColumns.of(matches, self._class_ids, self.settings)
        if len(self._codes) > self._forget_at:
            self._pack()
        codes = self._codes.encode(matches.patterns.tolist())
        self._append(image_ids, replace(columns, codes=codes[columns.codes]))

    def remove(self, image_id: ImageId) -> None:
        """Take an image out again; one that is not there is no error."""
        place = self._places.pop(image_id, None)
        if place is None:
            return
        columns = self._columns.values
        self._removed += 1 + int(columns.counts[place]) + int(columns.truth_counts[place])
        held = len(columns.scores) + len(columns.truth_labels) + len(columns.counts)
        if self._removed > MANY_REMOVED + held // _REMOVED_SHARE:
            self._pack()

    def clear(self) -> None:
        """Take all images out."""
        self._columns = GrowingColumns(TallyColumns.empty(len(self.classes), self.settings))
        self._places: dict[ImageId, int] = {}
        self._codes = PatternCodes()
        self._removed = 0
        self._forget_at = MANY_PATTERNS

    def merge(self, other: "ExactTally") -> None:
        """Add the images of another tally; all or, with an error, none.

        Raises:
            InvalidInputError: The other one has other classes or settings.
            AlreadyExistsError: An image is in both.
        """
        self._refuse_unlike(other)
        theirs = other.snapshot()
        self._refuse_known(theirs.places, "both tallies")
        image_ids, columns = theirs.ordered()
        renamed = self._codes.encode(theirs.patterns)
        self._append(image_ids, replace(columns, codes=renamed[columns.codes]))

    def subtract(self, images: "ExactTally | Iterable[ImageId]") -> None:
        """Take images out, or all those of another tally; all or, with an error, none.

        What is left is as if they had never been added. Of another tally they must be the
        same here as there.

        Raises:
            NotFoundError: An image is not in this tally.
            InvalidInputError: The other tally has other classes or settings, or knows an
                image otherwise.
        """
        if isinstance(images, ExactTally):
            self._refuse_unlike(images)
            theirs = images.snapshot()
            self._refuse_unknown(theirs.places)
            unlike = self.snapshot().first_unlike(theirs)
            if unlike is not None:
                raise InvalidInputError.at(
                    "tally", f"another image {unlike!r}", "of images as they are in this one"
                )
            image_ids = tuple(theirs.places)
        else:
            image_ids = tuple(images)
            self._refuse_unknown(image_ids)
        for each in image_ids:
            self.remove(each)

    def snapshot(self) -> TallySnapshot:
        """Return what the tally holds now, without copying its columns."""
        return TallySnapshot(dict(self._places), self._columns.values, tuple(self._codes))

    def report(self, engine: Engine, snapshot: TallySnapshot | None = None) -> Report:
        """Return the report of a snapshot, by default of now; safe in another thread."""
        now = self.snapshot() if snapshot is None else snapshot
        _, columns = now.ordered()
        return summarise(engine, self.classes, self.settings, columns, now.patterns)

    def to_bytes(self) -> bytes:
        """Return all of the tally; equal tallies give equal bytes, however they came about."""
        now = self.snapshot()
        image_ids, columns = now.ordered()
        return pack_tally(self.classes, self.settings, image_ids, columns, now.patterns)

    @classmethod
    def from_bytes(cls, data: bytes) -> "ExactTally":
        """Return the tally that `to_bytes` was asked of.

        Raises:
            InvalidInputError: These are not the bytes of a tally, or of a version that this
                one does not read, or they were cut short or changed.
        """
        return cls.of(*unpack_tally(data))

    @classmethod
    def of(
        cls,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        image_ids: tuple[ImageId, ...],
        columns: TallyColumns,
        patterns: tuple[bytes, ...],
    ) -> "ExactTally":
        """Return a tally of distinct images whose columns are known."""
        tally = cls(classes, settings)
        codes = tally._codes.encode(patterns)[columns.codes]
        tally._append(image_ids, replace(columns, codes=codes))
        return tally

    def _append(self, image_ids: tuple[ImageId, ...], columns: TallyColumns) -> None:
        first = len(self._columns.values.counts)
        self._columns.append(columns)
        self._places.update(zip(image_ids, range(first, first + len(image_ids)), strict=True))

    def _pack(self) -> None:
        """Forget the rows of removed images, and the patterns that only they had.

        Not again before there are twice as many patterns as are left, so that an add costs
        little.
        """
        columns = self._columns.values
        columns = columns.take(np.fromiter(self._places.values(), np.int64, len(self._places)))
        self._codes, columns = self._codes.needed(columns)
        self._columns = GrowingColumns(columns)
        self._places = dict(zip(self._places, range(len(self._places)), strict=True))
        self._removed = 0
        self._forget_at = max(MANY_PATTERNS, 2 * len(self._codes))

    def _refuse_known(self, image_ids: Collection[ImageId], where: str) -> None:
        if not self._places.keys().isdisjoint(image_ids):
            shown = min(self._places.keys() & image_ids, key=image_order)
            raise AlreadyExistsError(
                f"image {shown!r} is in {where}", field="image_id", value=shown
            )

    def _refuse_unknown(self, image_ids: Collection[ImageId]) -> None:
        unknown = set(image_ids) - self._places.keys()
        if unknown:
            shown = min(unknown, key=image_order)
            raise NotFoundError(
                f"image {shown!r} is not in the tally", field="image_id", value=shown
            )

    def _refuse_unlike(self, other: "ExactTally") -> None:
        if (other.classes, other.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
