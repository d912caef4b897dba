"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.evaluate import evaluate
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.voc_average_precision import VocAveragePrecision, voc_average_precision
from boxgauge.metrics.voc_matching import VocMatching, match_voc

__all__ = [
    "Curves",
    "Matching",
    "MeanIoU",
    "PrecisionRecall",
    "VocAveragePrecision",
    "VocMatching",
    "evaluate",
    "match_detections",
    "match_voc",
    "mean_iou",
    "precision_recall",
    "report_curves",
    "voc_average_precision",
]
