"""The exact tally: what every report follows from, image by image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import Matches
from boxgauge.engine.report import Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.summary import summarise
from boxgauge.frames import AlreadyExistsError, ImageId, InvalidInputError, image_order

# 16 bytes a detection; the image is the entry that holds the row.
ROW = np.dtype([("score", "<f8"), ("code", "<u4"), ("label", "<u2"), ("rank", "<u2")])
TRUTH = np.dtype([("label", "<u2"), ("counted", "<u4")])
_MAX_CLASSES, _MAX_AREAS = 2**16, 32
# Patterns from which on those that no image has any more are looked for.
MANY_PATTERNS = 4096


class ImageEntry(NamedTuple):
    """One image: its rows, its ground truths and its sums, as in `ImageSums`."""

    rows: bytes
    truths: bytes
    sums: list[int]


@dataclass(frozen=True, slots=True, eq=False)
class TallySnapshot:
    """The columns of a tally at one moment, images in report order.

    Attributes:
        rows: One `ROW` a detection.
        truths: One `TRUTH` a ground truth.
        sums: Totals over images, in the order of `ImageSums`.
        patterns: Packed outcomes; a row's code is its place here.
        images: How many images.
    """

    rows: NDArray[np.void]
    truths: NDArray[np.void]
    sums: tuple[int, ...]
    patterns: tuple[bytes, ...]
    images: int


class ExactTally:
    """Keeps every evaluated detection's score, class, rank and outcomes.

    Any batching and any order of images gives the same report, in all bits: ties rank by
    image id, then by place in the image.

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
        self._images: dict[ImageId, ImageEntry] = {}
        self._codes: dict[bytes, int] = {}
        self._forget_at = MANY_PATTERNS

    def __len__(self) -> int:
        return len(self._images)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._images

    def add(self, matches: Matches) -> None:
        """Add images; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image is in the tally already.
            InvalidInputError: A label is no class of the tally.
        """
        for image_id in matches.image_ids:
            if image_id in self._images:
                raise AlreadyExistsError(
                    f"image {image_id!r} is in the tally already", field="image_id", value=image_id
                )
        matches = matches.evaluated(self.settings.max_detections[-1])
        rows = np.empty(len(matches.scores), dtype=ROW)
        rows["score"] = matches.scores
        rows["label"] = self._index(matches.labels)
        rows["rank"] = matches.ranks
        truths = np.empty(len(matches.truth_labels), dtype=TRUTH)
        truths["label"] = self._index(matches.truth_labels)
        truths["counted"] = matches.truth_counted
        if len(self._codes) > self._forget_at:
            self._forget_patterns()
        codes, patterns = self._codes, matches.patterns.tolist()
        for each in dict.fromkeys(patterns):
            codes.setdefault(each, len(codes))
        rows["code"] = list(map(codes.__getitem__, patterns))

        row_bytes, truth_bytes = rows.tobytes(), truths.tobytes()
        row_ends = (np.cumsum(matches.counts) * ROW.itemsize).tolist()
        truth_ends = (np.cumsum(matches.truth_counts) * TRUTH.itemsize).tolist()
        row, truth = 0, 0
        for image_id, row_end, truth_end, sums in zip(
            matches.image_ids, row_ends, truth_ends, matches.sums.rows().tolist(), strict=True
        ):
            self._images[image_id] = ImageEntry(
                row_bytes[row:row_end], truth_bytes[truth:truth_end], sums
            )
            row, truth = row_end, truth_end

    def remove(self, image_id: ImageId) -> None:
        """Take an image out again; one that is not there is no error."""
        self._images.pop(image_id, None)

    def clear(self) -> None:
        """Take all images out."""
        self._images.clear()
        self._codes.clear()
        self._forget_at = MANY_PATTERNS

    def merge(self, other: "ExactTally") -> None:
        """Add the images of another tally; all or, with an error, none.

        Raises:
            InvalidInputError: The other one has other classes or settings.
            AlreadyExistsError: An image is in both.
        """
        if (other.classes, other.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
        both = self._images.keys() & other._images.keys()
        if both:
            shown = min(both, key=image_order)
            raise AlreadyExistsError(
                f"image {shown!r} is in both tallies", field="image_id", value=shown
            )
        codes = self._codes
        renamed = np.array(
            [codes.setdefault(each, len(codes)) for each in other._codes], dtype=np.uint32
        )
        self._recode(other._images, renamed)

    def snapshot(self) -> TallySnapshot:
        """Return the present columns, which later changes leave alone."""
        entries = [self._images[each] for each in sorted(self._images, key=image_order)]
        sums = np.array([entry.sums for entry in entries], dtype=object).reshape(-1, 6)
        return TallySnapshot(
            np.frombuffer(b"".join(entry.rows for entry in entries), dtype=ROW),
            np.frombuffer(b"".join(entry.truths for entry in entries), dtype=TRUTH),
            tuple(int(total) for total in sums.sum(0)),
            tuple(self._codes),
            len(entries),
        )

    def report(self, engine: Engine, snapshot: TallySnapshot | None = None) -> Report:
        """Return the report of a snapshot, by default of now; safe in another thread."""
        now = self.snapshot() if snapshot is None else snapshot
        return summarise(
            engine,
            self.classes,
            self.settings,
            now.rows,
            now.truths,
            now.patterns,
            now.sums,
            now.images,
        )

    def _forget_patterns(self) -> None:
        """Forget what only images that were removed had: corrections must not add up.

        Not again before there are twice as many as are left, so that an add costs little.
        """
        patterns, used = tuple(self._codes), np.zeros(len(self._codes), dtype=np.bool_)
        for entry in self._images.values():
            used[np.frombuffer(entry.rows, dtype=ROW)["code"]] = True
        self._codes = {patterns[k]: new for new, k in enumerate(np.flatnonzero(used).tolist())}
        self._recode(self._images, np.cumsum(used) - 1)
        self._forget_at = max(MANY_PATTERNS, 2 * len(self._codes))

    def _recode(
        self, images: Mapping[ImageId, ImageEntry], renamed: NDArray[np.integer[Any]]
    ) -> None:
        """Take over images whose pattern k is ``renamed[k]`` here."""
        for image_id, entry in images.items():
            rows = np.frombuffer(entry.rows, dtype=ROW).copy()
            rows["code"] = renamed[rows["code"]]
            self._images[image_id] = entry._replace(rows=rows.tobytes())

    def _index(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return each label's place among the classes."""
        places = np.searchsorted(self._class_ids, labels)
        known = self._class_ids[np.minimum(places, len(self._class_ids) - 1)] == labels
        if not known.all():
            wrong = int(labels[np.argmin(known)])
            raise InvalidInputError.at("label", wrong, "a class of the tally")
        return places
