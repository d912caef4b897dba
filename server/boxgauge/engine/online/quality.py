"""What is said of one model over one window and slice; absent is absent, never -1 or NaN."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.intervals import Intervals
from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.report import Report
from boxgauge.engine.sketch.report import Precisions
from boxgauge.frames import ImageId


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCalibration:
    """What scores mean, at the operating point's IoU, all classes together.

    Attributes:
        d_ece: Mean distance of score and precision over detections; None without any.
        edges: Ends of the bins, float64 [bins + 1].
        detections: True and false positives of each bin, int64 [bins].
        true_positives: Of those, int64 [bins].
        mean_scores: float64 [bins]; 0 where the bin is empty.
    """

    d_ece: float | None
    edges: NDArray[np.float64]
    detections: NDArray[np.int64]
    true_positives: NDArray[np.int64]
    mean_scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LossSummary:
    """One loss over matched pairs or scores.

    Attributes:
        name: Of its graph.
        count: Values that are finite.
        mean: Of those; None without any.
        edges: Lower ends of the bins, float64 [bins]; the last has no upper end.
        counts: int64 [bins].
        not_finite: Values in no mean and no bin.
    """

    name: str
    count: int
    mean: float | None
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    not_finite: int


@dataclass(frozen=True, slots=True)
class WorstImage:
    """An image with many errors at the operating point, and its first configured loss."""

    image_id: ImageId
    errors: int
    loss: float | None


@dataclass(frozen=True, slots=True)
class LabelDelay:
    """How long labels took, seconds; quantiles are upper ends of bins."""

    count: int
    mean_s: float
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """One report over one window and slice.

    Attributes:
        report: Its curves are empty; of a sketch, precisions are the middles of their intervals.
        low: Lower ends of the certified intervals; None where the report is exact.
        high: Upper ends.
        confidence: 95% intervals by delete-a-group jackknife; None without images.
        best: Threshold of the highest F1, all classes together.
        class_best: The same for each class, in the report's order.
        curves: Precision at 101 recalls, mean over classes with ground truth, by IoU: ``0.50``,
            ``0.75``, and ``0.50:0.95`` for the mean over all (``all`` of other thresholds).
        calibration: What scores mean.
        losses: Each configured loss.
        worst: Images with the most errors, worst first.
        sources: Images by the source of their label, ascending by source.
        delay: How long labels took; None without any.
    """

    report: Report
    low: Precisions | None
    high: Precisions | None
    confidence: Intervals | None
    best: ScorePoint | None
    class_best: tuple[ScorePoint | None, ...]
    curves: tuple[tuple[str, NDArray[np.float64]], ...]
    calibration: ScoreCalibration
    losses: tuple[LossSummary, ...]
    worst: tuple[WorstImage, ...]
    sources: tuple[tuple[str, int], ...]
    delay: LabelDelay | None
