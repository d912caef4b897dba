"""Precision, recall and F-beta of one class as its score threshold falls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.settings import ObjectClass


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """What one score threshold lets through; ratios are None where undefined."""

    score_threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float | None
    recall: float | None
    f_beta: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurve:
    """One class, or all together, at every score that makes a difference.

    Detections of one score pass a threshold together, so a score occurs once. Between two
    entries nothing changes: a threshold lets through what the last entry not below it does.

    Attributes:
        object_class: None: the detections of all classes together (micro-averaged).
        positives: Objects to be found.
        thresholds: Scores of detections that count, falling, float64 [n].
        true_positives: Detections that score at least the threshold and hit, int64 [n].
        false_positives: Those that do not, int64 [n].
        precision: float64 [n], in [0, 1].
        recall: float64 [n], rising; None without positives.
        f_beta: float64 [n], in [0, 1]; None without positives.
        interpolated: COCO's precision at its 101 recall points, which ranks equal scores by
            image and place; None without positives.
    """

    object_class: ObjectClass | None
    positives: int
    thresholds: NDArray[np.float64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64] | None
    f_beta: NDArray[np.float64] | None
    interpolated: NDArray[np.float64] | None

    def corners(self) -> NDArray[np.int64]:
        """Return the entries at which recall rises: all that a plot of it needs."""
        return np.flatnonzero(np.diff(self.true_positives, prepend=0) > 0)

    def at(self, score_threshold: float) -> ScorePoint:
        """Return what detections that score at least this much amount to.

        Where none does, precision is None, recall and F-beta 0 (None without positives).
        """
        # Falling thresholds: the number of those not below the one given.
        entry = int(np.searchsorted(-self.thresholds, -score_threshold, side="right")) - 1
        return self._point(score_threshold, entry)

    def best(self) -> ScorePoint | None:
        """Return the point of the highest F-beta, of equal ones that of the highest threshold.

        None where no threshold lets a true positive through.
        """
        if self.f_beta is None or not self.true_positives.any():
            return None
        entry = int(np.argmax(self.f_beta))
        return self._point(float(self.thresholds[entry]), entry)

    def _point(self, score_threshold: float, entry: int) -> ScorePoint:
        nobody = entry < 0
        tp = 0 if nobody else int(self.true_positives[entry])

        def value(of: NDArray[np.float64] | None, of_nobody: float | None) -> float | None:
            if of is None:
                return None
            return of_nobody if nobody else float(of[entry])

        return ScorePoint(
            score_threshold=score_threshold,
            true_positives=tp,
            false_positives=0 if nobody else int(self.false_positives[entry]),
            false_negatives=self.positives - tp,
            precision=value(self.precision, None),
            recall=value(self.recall, 0.0),
            f_beta=value(self.f_beta, 0.0),
        )
