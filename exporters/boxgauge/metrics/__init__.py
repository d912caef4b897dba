"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.calibration import (
    CalibrationErrors,
    calibration_errors,
    count_calibration,
)
from boxgauge.metrics.evaluate import evaluate
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.pixels import PixelMetrics, count_pixels, pixel_metrics
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.resampling import ResampledCurves, resampled_curves
from boxgauge.metrics.voc_average_precision import VocAveragePrecision, voc_average_precision
from boxgauge.metrics.voc_matching import VocMatching, match_voc

__all__ = [
    "CalibrationErrors",
    "Curves",
    "Matching",
    "MeanIoU",
    "PixelMetrics",
    "PrecisionRecall",
    "ResampledCurves",
    "VocAveragePrecision",
    "VocMatching",
    "calibration_errors",
    "count_calibration",
    "count_pixels",
    "evaluate",
    "match_detections",
    "match_voc",
    "mean_iou",
    "pixel_metrics",
    "precision_recall",
    "report_curves",
    "resampled_curves",
    "voc_average_precision",
]
