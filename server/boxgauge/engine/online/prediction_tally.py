"""What is kept of predictions alone: counts by bin, from which drift and estimates follow."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from boxgauge.engine.analysis.units import group_of
from boxgauge.engine.online.prediction_bins import (
    COUNT,
    GROUPS,
    SCORE,
    Int64,
    Placed,
    PredictionBins,
)
from boxgauge.engine.online.prediction_format import count_columns, parse_counts
from boxgauge.engine.online.sparse_counts import SparseCounts
from boxgauge.engine.sealing import Seal, describe, described
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import ImageId, InvalidInputError, Predictions

SEAL = Seal(b"BGPREDS\n", version=1, level=6)


def bins_of(classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> PredictionBins:
    """Return the bins for these classes and this score threshold."""
    return _bins(tuple(each.id for each in classes), settings.score_threshold)


@lru_cache(maxsize=64)
def _bins(class_ids: tuple[int, ...], score_threshold: float) -> PredictionBins:
    """Return the bins, whose tables take longer to make than a message of images to count."""
    return PredictionBins(np.array(class_ids, np.int64), score_threshold)


def groups_of(clusters: Sequence[ImageId]) -> Int64:
    """Return the group of each cluster's key."""
    return np.array([group_of(each, GROUPS) for each in clusters], np.int64)


class PredictionTally:
    """Counts predictions by bins of each of `FEATURES`, in 32 groups.

    All detections count in ``score`` and by class and score. Those that score at least the
    threshold, on which a user acts, count in ``size`` (log2 of √(w·h), boxes without area in a
    bin of their own), ``aspect`` (log2 of w / h, boxes without area in none) and ``class``, and
    their number on each image in ``count``. Any batching, order and tree of merges gives the
    same bytes. Which images are in it a tally does not know: one added twice counts twice.

    Args:
        classes: What is predicted.
        settings: Of these the score threshold alone decides what is counted.
    """

    def __init__(self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
        self.classes = check_classes(classes)
        self.settings = settings
        self.bins = bins_of(self.classes, settings)
        self._counts = SparseCounts.of((), self.bins.places, self.bins.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the bins, of which another process has its own.
        return PredictionTally.of, (self.classes, self.settings, self._counts)

    @property
    def images(self) -> int:
        """How many images were added."""
        return int(self.histograms(COUNT).sum())

    def add(self, predictions: Predictions, clusters: Sequence[ImageId]) -> None:
        """Add images; all or, with an error, none.

        Args:
            predictions: Valid ones.
            clusters: A key an image; images of one key are not independent.

        Raises:
            InvalidInputError: A label is no class of the tally.
        """
        self._counts = self._plus(self._count(predictions, clusters))

    def add_placed(self, placed: Placed) -> None:
        """Add images whose places in the tally's bins are known."""
        self._counts = self._plus(self._of(placed))

    def subtract(
        self, taken: "Predictions | PredictionTally", clusters: Sequence[ImageId] = ()
    ) -> None:
        """Take away what was added; all or, with an error, nothing.

        Args:
            taken: Images that were added, or a tally of such.
            clusters: Of the images.

        Raises:
            InvalidInputError: There is not as much of it here, or the other tally has other
                classes or settings.
        """
        if isinstance(taken, Predictions):
            counts = self._count(taken, clusters)
        else:
            self._refuse_unlike(taken)
            counts = taken.counts
        left = self._counts.minus(counts)
        if left is None:
            raise InvalidInputError.at("tally", "other predictions", "of what was added")
        self._counts = left

    def merge(self, other: "PredictionTally") -> None:
        """Take in the images of another tally.

        Raises:
            InvalidInputError: It has other classes or settings.
        """
        self._refuse_unlike(other)
        self._counts = self._plus(other.counts)

    @property
    def counts(self) -> SparseCounts:
        """The counts by place, as `PredictionBins` has them."""
        return self._counts

    @classmethod
    def of(
        cls,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        counts: SparseCounts,
    ) -> "PredictionTally":
        """Return the tally that has these counts."""
        tally = cls(classes, settings)
        tally._counts = counts
        return tally

    def histograms(self, feature: int) -> Int64:
        """Return the counts of a feature by group and bin, int64 [32, bins]."""
        first = self.bins.firsts[feature]
        rows = self._dense()[: GROUPS * self.bins.width].reshape(GROUPS, -1)
        return rows[:, first : first + self.bins.sizes[feature]]

    def class_scores(self) -> Int64:
        """Return the detections by class and bin of score, int64 [classes, bins]."""
        rows = self._dense()[GROUPS * self.bins.width :]
        return rows.reshape(len(self.classes), self.bins.sizes[SCORE])

    def to_bytes(self) -> bytes:
        """Return all of the tally; equal tallies give equal bytes, however they came about."""
        about, columns = count_columns(self._counts)
        return SEAL.close(describe(self.classes, self.settings) | about, columns)

    @classmethod
    def from_bytes(cls, data: bytes) -> "PredictionTally":
        """Return the tally that `to_bytes` was asked of.

        Raises:
            InvalidInputError: These are not the bytes of such a tally, or of a version that
                this one does not read, or they were cut short or changed.
        """
        return SEAL.open(data, cls._parse)

    @classmethod
    def _parse(cls, about: dict[str, Any], body: bytes) -> "PredictionTally":
        classes, settings = described(about)
        tally = cls(classes, settings)
        tally._counts = parse_counts(about, body, tally.bins)
        return tally

    def _count(self, predictions: Predictions, clusters: Sequence[ImageId]) -> SparseCounts:
        return self._of(self.bins.places_of(predictions, groups_of(clusters)))

    def _of(self, placed: Placed) -> SparseCounts:
        columns = (placed.of_box.ravel(), placed.of_image)
        return SparseCounts.of(columns, self.bins.places, self.bins.dtype)

    def _plus(self, counts: SparseCounts) -> SparseCounts:
        return SparseCounts.total((self._counts, counts), self.bins.places, self.bins.dtype)

    def _dense(self) -> Int64:
        return self._counts.dense(self.bins.places)

    def _refuse_unlike(self, other: "PredictionTally") -> None:
        if (other.classes, other.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
