"""Counts by group and score bin, and the calibration errors that follow from them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matches import FIXED_POINT
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import InvalidInputError

COUNT, ERRORS = "count_calibration", "calibration_errors"
MAX_BINS = 1000

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityCurve:
    """What a score means, bin by bin; masked where a bin has nothing to average.

    Attributes:
        edges: Scores between which the bins lie, float64 [bins + 1]; a bin has its lower edge,
            the last one both.
        detections: int64 [bins].
        mean_scores: Masked float64 [bins].
        precisions: Share of true positives, masked float64 [bins].
        mean_ious: Of the true positives, masked float64 [bins].
    """

    edges: Float64
    detections: Int64
    mean_scores: "np.ma.MaskedArray[Any, np.dtype[np.float64]]"
    precisions: "np.ma.MaskedArray[Any, np.dtype[np.float64]]"
    mean_ious: "np.ma.MaskedArray[Any, np.dtype[np.float64]]"


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How well the scores of some detections are calibrated; None without detections.

    Attributes:
        detections: That count.
        d_ece: Mean distance of score and precision, in [0, 1].
        la_ece: Mean distance of score and precision times IoU, in [0, 1].
        curve: Bin by bin.
    """

    detections: int
    d_ece: float | None
    la_ece: float | None
    curve: ReliabilityCurve


class ScoreBins:
    """Counts of detections by group and bin of equal width; integers, so that any order will do.

    Args:
        engine: Holds the graphs.
        groups: How many.
        bins: At most 1000.

    Raises:
        InvalidInputError: The bins are too many or none.
    """

    def __init__(self, engine: Engine, groups: int, bins: int) -> None:
        if not 0 < bins <= MAX_BINS:
            raise InvalidInputError.at("bins", bins, f"in [1, {MAX_BINS}]")
        self._engine = engine
        self.edges = np.linspace(0.0, 1.0, bins + 1)
        self.counts = np.zeros((groups, bins, 4), dtype=np.int64)

    def count(
        self, images: MatchedImages, settings: EvaluationSettings, rows: Int64, group: Int64
    ) -> Int64:
        """Return the counts of some detections of matched images alone.

        Args:
            images: Matched.
            settings: With these.
            rows: The detections.
            group: Of each of them.
        """
        correct = operating_outcomes(images.matches, settings)[rows] == 1
        boxes = images.predictions.boxes[rows]
        truths = np.zeros_like(boxes)
        truths[correct] = images.ground_truths.boxes[images.partners[rows][correct]]
        inputs = {
            "group": group,
            "scores": images.matches.scores[rows],
            "correct": correct,
            "boxes": boxes,
            "truths": truths,
            "bounds": self.edges[1:-1],
            "counts": np.zeros_like(self.counts),
        }
        found: Int64 = self._engine.run(COUNT, inputs)["new_counts"]
        return found

    def calibrations(self, counts: Int64, least: int) -> list[Calibration]:
        """Return the calibration of each group of some counts [groups, bins, 4].

        Raises:
            InvalidInputError: ``least`` is below 1.
        """
        if least < 1:
            raise InvalidInputError.at("least", least, "at least 1")
        found = self._engine.run(ERRORS, {"counts": counts, "least": np.array([least])})
        columns = (found[name].tolist() for name in ("detections", "d_ece", "la_ece"))
        return [
            Calibration(n, d_ece if n else None, la_ece if n else None, self._curve(of_group))
            for n, d_ece, la_ece, of_group in zip(*columns, counts, strict=True)
        ]

    def _curve(self, counts: Int64) -> ReliabilityCurve:
        detections, correct, scores, ious = counts.T
        return ReliabilityCurve(
            self.edges,
            detections,
            _means(scores / FIXED_POINT, detections),
            _means(correct.astype(np.float64), detections),
            _means(ious / FIXED_POINT, correct),
        )


def _means(sums: Float64, counts: Int64) -> "np.ma.MaskedArray[Any, np.dtype[np.float64]]":
    return np.ma.MaskedArray(sums / np.maximum(counts, 1), mask=counts == 0)
