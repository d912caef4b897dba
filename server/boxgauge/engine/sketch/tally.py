"""The sketch: what certified intervals follow from, in memory that does not grow with images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import Matches
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.sketch.counting import rows_of_matches, totals_of_matches
from boxgauge.engine.sketch.format import pack_sketch, unpack_sketch
from boxgauge.engine.sketch.patterns import codes_of, most_patterns, with_patterns
from boxgauge.engine.sketch.report import SketchReport, summarise_sketch
from boxgauge.engine.sketch.rows import BUCKET_BITS, SketchRows
from boxgauge.engine.sketch.totals import SketchTotals
from boxgauge.frames import InvalidInputError

_WANTED = "of what was added"
_MAX_CLASSES, _MAX_AREAS, _MAX_MAXIMA = 2**16, 32, 2**BUCKET_BITS - 1
# So many rows may wait to be summed, and one part in so many of those that are there.
_WAITING, _WAITING_SHARE = 16_384, 2


@dataclass(frozen=True, slots=True, eq=False)
class SketchSnapshot:
    """A sketch at one moment; later changes leave it alone."""

    rows: SketchRows
    patterns: tuple[bytes, ...]
    totals: SketchTotals


class SketchTally:
    """Keeps how many detections each class has by bin of score, outcomes and maximum.

    Any batching, order and tree of merges of the same images gives the same bytes. A report
    has intervals that contain what `ExactTally` would say. Which images are in it a sketch
    does not know: one that is added twice counts twice.

    It holds at most 2,048 bins and 32,768 rows of 16 bytes a class, and as many patterns in
    all as 32,768 are over the number of maxima.

    Args:
        classes: What is evaluated; at most 65,536.
        settings: With which thresholds; at most 32 area ranges and 255 maxima.

    Raises:
        InvalidInputError: There are too many classes, area ranges or maxima.
    """

    def __init__(self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
        self.classes = check_classes(classes)
        self.settings = settings
        for name, found, most in (
            ("classes", len(classes), _MAX_CLASSES),
            ("areas", len(settings.areas), _MAX_AREAS),
            ("max_detections", len(settings.max_detections), _MAX_MAXIMA),
        ):
            if found > most:
                raise InvalidInputError.at(name, found, f"at most {most}")
        self._class_ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self._maxima = np.array(settings.max_detections, dtype=np.int64)
        self._max_patterns = most_patterns(settings)
        self.clear()

    def __len__(self) -> int:
        return self._totals.images

    def clear(self) -> None:
        """Take all images out, and let the bins be as fine as at first."""
        classes = len(self.classes)
        self._rows = SketchRows.empty(classes)
        self._waiting: list[SketchRows] = []
        self._patterns: dict[bytes, int] = {}
        self._totals = SketchTotals.empty(classes, len(self.settings.areas))

    def add(self, matches: Matches) -> None:
        """Add images; all or, with an error, none.

        Raises:
            InvalidInputError: A label is no class of the tally.
            ResourceExhaustedError: There would be too many patterns of outcomes.
        """
        matches = matches.evaluated(self.settings.max_detections[-1])
        totals = totals_of_matches(matches, self._class_ids, self.settings)
        used, place = np.unique(matches.codes, return_inverse=True)
        patterns = self._with(matches.patterns[used].tolist())
        codes = codes_of(patterns, matches.patterns[used].tolist())
        rows = rows_of_matches(matches, self._class_ids, self._maxima, codes[place])
        self._patterns, self._totals = patterns, self._totals.plus(totals)
        self._waiting.append(rows)
        waiting = sum(len(each.ids) for each in self._waiting)
        if waiting > _WAITING + len(self._rows.ids) // _WAITING_SHARE:
            self._settle()

    def merge(self, other: "SketchTally") -> None:
        """Add all that another tally holds; all or, with an error, none.

        Raises:
            InvalidInputError: The other one has other classes or settings.
            ResourceExhaustedError: There would be too many patterns of outcomes.
        """
        self._refuse_unlike(other)
        theirs = other.snapshot()
        patterns = self._with(theirs.patterns)
        codes = codes_of(patterns, theirs.patterns)
        self._settle()
        self._rows = self._rows.plus(theirs.rows.renamed(codes))
        self._patterns, self._totals = patterns, self._totals.plus(theirs.totals)

    def subtract(self, taken: "SketchTally | Matches") -> None:
        """Take away what was added; all or, with an error, nothing.

        The counts are then what they would be without it. The bins stay as wide as they are.

        Args:
            taken: Images that were added, with the same outcomes, or a tally of such images.

        Raises:
            InvalidInputError: There is not as much of it here, or the other tally has other
                classes or settings.
        """
        if isinstance(taken, Matches):
            other = SketchTally(self.classes, self.settings)
            other.add(taken)
        else:
            self._refuse_unlike(taken)
            other = taken
        theirs = other.snapshot()
        patterns = {**self._patterns}
        for each in theirs.patterns:
            patterns.setdefault(each, len(patterns))
        codes = codes_of(patterns, theirs.patterns)
        self._settle()
        rows, missing = self._rows.minus(theirs.rows.renamed(codes))
        totals = self._totals.plus(theirs.totals, -1)
        if missing.any():
            name = self.classes[int(np.argmax(missing))].name
            raise InvalidInputError.at("tally", f"other detections of {name!r}", _WANTED)
        if not totals.is_possible():
            raise InvalidInputError.at("tally", "more images, objects or losses", _WANTED)
        self._rows, self._totals = rows, totals

    def snapshot(self) -> SketchSnapshot:
        """Return what the tally holds now."""
        self._settle()
        return SketchSnapshot(self._rows, tuple(self._patterns), self._totals)

    def report(self, engine: Engine, snapshot: SketchSnapshot | None = None) -> SketchReport:
        """Return the report of a snapshot, by default of now; safe in another thread."""
        now = self.snapshot() if snapshot is None else snapshot
        return summarise_sketch(
            engine, self.classes, self.settings, now.rows, now.patterns, now.totals
        )

    def to_bytes(self) -> bytes:
        """Return all of the tally; equal tallies give equal bytes, however they came about."""
        now = self.snapshot()
        return pack_sketch(self.classes, self.settings, now.rows, now.patterns, now.totals)

    @classmethod
    def from_bytes(cls, data: bytes) -> "SketchTally":
        """Return the tally that `to_bytes` was asked of.

        Raises:
            InvalidInputError: These are not the bytes of a sketch, or of a version that this
                one does not read, or they were cut short or changed.
        """
        return cls.of(*unpack_sketch(data))

    @classmethod
    def of(
        cls,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        rows: SketchRows,
        patterns: tuple[bytes, ...],
        totals: SketchTotals,
    ) -> "SketchTally":
        """Return a tally of what was counted elsewhere; bins and rows are within the bounds."""
        tally = cls(classes, settings)
        tally._patterns = tally._with(patterns)
        tally._rows, tally._totals = rows, totals
        return tally

    def _settle(self) -> None:
        """Add the rows that wait."""
        if self._waiting:
            self._rows = self._rows.plus(SketchRows.joined(self._waiting))
            self._waiting = []

    def _with(self, patterns: Sequence[bytes]) -> dict[bytes, int]:
        """Return the codes of the tally's patterns and of these: the next ones are theirs."""
        return with_patterns(self._patterns, patterns, self._max_patterns)

    def _refuse_unlike(self, other: "SketchTally") -> None:
        if (other.classes, other.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
