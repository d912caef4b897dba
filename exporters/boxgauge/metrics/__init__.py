"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.evaluate import evaluate
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.resampling import ResampledCurves, resampled_curves

__all__ = [
    "Curves",
    "Matching",
    "MeanIoU",
    "PrecisionRecall",
    "ResampledCurves",
    "evaluate",
    "match_detections",
    "mean_iou",
    "precision_recall",
    "report_curves",
    "resampled_curves",
]
