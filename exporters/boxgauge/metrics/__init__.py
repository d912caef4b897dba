"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.evaluate import evaluate
from boxgauge.metrics.f_beta import FBeta, f_beta
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.mean_average_precision import MeanAveragePrecision
from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.score_counts import ScoreCounts, score_counts

__all__ = [
    "Curves",
    "FBeta",
    "Matching",
    "MeanAveragePrecision",
    "MeanIoU",
    "PrecisionRecall",
    "ScoreCounts",
    "evaluate",
    "f_beta",
    "match_detections",
    "mean_iou",
    "precision_recall",
    "report_curves",
    "score_counts",
]
