"""Calibration by class: D-ECE, LaECE and reliability curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from boxgauge.engine.analysis.bins import Calibration, ScoreBins
from boxgauge.engine.analysis.outcomes import counted_rows
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError

BINS = 25


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
        self._bins.counts += sign * self._bins.count(images, self.settings, rows, group)
        self._not_probability += sign * not_probability


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [each for each in values if each is not None]
    return float(np.mean(defined)) if defined else None
