"""Calibration by class, and by where a box lies: D-ECE, LaECE and reliability curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.bins import Calibration, ScoreBins
from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import ImageId, InvalidInputError

# Of the score alone, and along each axis where the place in the image counts too.
BINS, POSITION_BINS = 25, 8

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationReport:
    """Calibration of all detections together and of each class.

    Attributes:
        iou_threshold: From which on a detection is right.
        overall: All classes in one.
        classes: Each class.
        mean_d_ece: Mean over the classes with detections; None if there is none.
        mean_la_ece: The same: LaECE as published.
        not_probability: Detections whose score is no probability; they count nowhere else.
    """

    iou_threshold: float
    overall: Calibration
    classes: tuple[tuple[ObjectClass, Calibration], ...]
    mean_d_ece: float | None
    mean_la_ece: float | None
    not_probability: int


class CalibrationTally:
    """Counts detections by class and score bin, at the operating point's IoU threshold.

    Detections that are ignored there, were not evaluated, or score less than a threshold
    count nowhere. Every result is the same for any batching and order of images.

    Args:
        engine: Holds the graphs.
        classes: What is evaluated.
        settings: As matched.
        bins: Of equal width over [0, 1].
        score_threshold: Score from which on a detection counts.

    Raises:
        InvalidInputError: The bins are too many or none.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        *,
        bins: int = BINS,
        score_threshold: float = 0.0,
    ) -> None:
        self.classes = check_classes(classes)
        self.settings = settings
        self.score_threshold = score_threshold
        self._ids = np.array([each.id for each in self.classes], dtype=np.int64)
        self._bins = ScoreBins(engine, len(classes), bins)
        self._not_probability = 0

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen."""
        self._change(images, 1)

    def subtract(self, images: MatchedImages) -> None:
        """Take images out again, matched as they were added."""
        self._change(images, -1)

    def merge(self, other: Self) -> None:
        """Take in the images of another tally.

        Raises:
            InvalidInputError: It was made otherwise.
        """
        if other._made_as() != self._made_as():
            raise InvalidInputError.at("tally", "others", "of the same classes, settings and bins")
        self._bins.counts += other._bins.counts
        self._not_probability += other._not_probability

    def report(self, *, least: int = 1) -> CalibrationReport:
        """Return the calibration.

        Args:
            least: Bins with fewer detections add nothing to an error.

        Raises:
            InvalidInputError: ``least`` is below 1.
        """
        counts = self._bins.counts.copy()
        (overall,) = self._bins.calibrations(counts.sum(0, keepdims=True), least)
        of_class = self._bins.calibrations(counts, least)
        return CalibrationReport(
            self.settings.iou_thresholds[operating_threshold(self.settings)],
            overall,
            tuple(zip(self.classes, of_class, strict=True)),
            _mean([each.d_ece for each in of_class]),
            _mean([each.la_ece for each in of_class]),
            self._not_probability,
        )

    def _made_as(self) -> tuple[object, ...]:
        return self.classes, self.settings, self.score_threshold, self._bins.counts.shape

    def _change(self, images: MatchedImages, sign: int) -> None:
        rows, not_probability = counted_rows(images, self.settings, self.score_threshold)
        group = np.searchsorted(self._ids, images.matches.labels[rows])
        self._bins.counts += sign * count(self._bins, images, self.settings, group, rows)
        self._not_probability += sign * not_probability


class PositionCalibrationTally:
    """Counts detections by where in the image they lie and by score bin: all classes in one.

    Args:
        engine: Holds the graphs.
        settings: As matched.
        image_sizes: Width and height of each image, pixels: frames do not carry them.
        bins: Of the score.
        position_bins: Of the centre, along each axis.
        score_threshold: Score from which on a detection counts.

    Raises:
        InvalidInputError: A number of bins is out of its range.
    """

    def __init__(
        self,
        engine: Engine,
        settings: EvaluationSettings,
        image_sizes: Mapping[ImageId, tuple[float, float]],
        *,
        bins: int = POSITION_BINS,
        position_bins: int = POSITION_BINS,
        score_threshold: float = 0.0,
    ) -> None:
        if not 0 < position_bins <= 100:
            raise InvalidInputError.at("position_bins", position_bins, "in [1, 100]")
        self.settings = settings
        self.score_threshold = score_threshold
        self._sizes = image_sizes
        self._along = position_bins
        self._bins = ScoreBins(engine, position_bins**2, bins)

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen.

        Raises:
            InvalidInputError: The size of an image is not known.
        """
        rows, _ = counted_rows(images, self.settings, self.score_threshold)
        group = self._cells(images)[rows]
        self._bins.counts += count(self._bins, images, self.settings, group, rows)

    def d_ece(self, *, least: int = POSITION_BINS) -> float | None:
        """Return D-ECE over score, x and y of the centre; None without detections.

        Args:
            least: Cells with fewer detections add nothing.
        """
        counts = self._bins.counts
        (whole,) = self._bins.calibrations(counts.reshape(1, -1, 4), least)
        return whole.d_ece

    def _cells(self, images: MatchedImages) -> Int64:
        ids = images.predictions.image_ids
        missing = next((each for each in ids if each not in self._sizes), None)
        if missing is not None:
            raise InvalidInputError.at(f"image_sizes[{missing!r}]", "nothing", "width and height")
        sizes = np.array([self._sizes[each] for each in ids], dtype=np.float64).reshape(-1, 2)
        boxes = images.predictions.boxes
        centre = (boxes[:, :2] + boxes[:, 2:] / 2) / sizes[images.predictions.image_index]
        # A centre outside the image belongs to the cell at its edge.
        place = np.clip(np.floor(centre * self._along), 0, self._along - 1).astype(np.int64)
        return place[:, 1] * self._along + place[:, 0]


def counted_rows(
    images: MatchedImages, settings: EvaluationSettings, score_threshold: float
) -> tuple[Int64, int]:
    """Return the detections that count, and how many were left out as no probability."""
    scores = images.matches.scores
    counts = (operating_outcomes(images.matches, settings) != 2) & (scores >= score_threshold)
    is_probability = (scores >= 0) & (scores <= 1)
    return np.flatnonzero(counts & is_probability), int((counts & ~is_probability).sum())


def count(
    bins: ScoreBins,
    images: MatchedImages,
    settings: EvaluationSettings,
    group: Int64,
    rows: Int64,
) -> Int64:
    """Return the counts of some detections of matched images."""
    correct = operating_outcomes(images.matches, settings)[rows] == 1
    boxes = images.predictions.boxes[rows]
    truths = np.zeros_like(boxes)
    truths[correct] = images.ground_truths.boxes[images.partners[rows][correct]]
    return bins.count(group, images.matches.scores[rows], correct, boxes, truths)


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [each for each in values if each is not None]
    return float(np.mean(defined)) if defined else None
