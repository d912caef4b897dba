"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.calibration import CalibrationErrors, calibration_errors, count_calibration
from boxgauge.metrics.certified import CertifiedCurves, certified_curves
from boxgauge.metrics.clustered_difference import ClusteredDifference, clustered_difference
from boxgauge.metrics.confusion_matrix import ConfusionCounts, confusion_matrix
from boxgauge.metrics.distribution_distances import DistributionDistances, distribution_distances
from boxgauge.metrics.evaluate import evaluate
from boxgauge.metrics.expected_average_precision import expected_average_precision
from boxgauge.metrics.f_beta import FBeta, f_beta
from boxgauge.metrics.image_overlaps import ImageOverlaps, image_overlaps
from boxgauge.metrics.left_out import left_out_precision
from boxgauge.metrics.lrp import OptimalLrp, optimal_lrp
from boxgauge.metrics.matching import Matching, match_detections
from boxgauge.metrics.mean_average_precision import MeanAveragePrecision
from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.overlap import coco_overlap
from boxgauge.metrics.pixels import PixelMetrics, count_pixels, pixel_metrics
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall
from boxgauge.metrics.report import Curves, report_curves
from boxgauge.metrics.resampling import ResampledCurves, resampled_curves
from boxgauge.metrics.score_counts import ScoreCounts, score_counts
from boxgauge.metrics.tide_errors import TideErrors, tide_errors
from boxgauge.metrics.voc_average_precision import VocAveragePrecision, voc_average_precision
from boxgauge.metrics.voc_matching import VocMatching, match_voc

__all__ = [
    "CalibrationErrors",
    "CertifiedCurves",
    "ClusteredDifference",
    "ConfusionCounts",
    "Curves",
    "DistributionDistances",
    "FBeta",
    "ImageOverlaps",
    "Matching",
    "MeanAveragePrecision",
    "MeanIoU",
    "OptimalLrp",
    "PixelMetrics",
    "PrecisionRecall",
    "ResampledCurves",
    "ScoreCounts",
    "TideErrors",
    "VocAveragePrecision",
    "VocMatching",
    "calibration_errors",
    "certified_curves",
    "clustered_difference",
    "coco_overlap",
    "confusion_matrix",
    "count_calibration",
    "count_pixels",
    "distribution_distances",
    "evaluate",
    "expected_average_precision",
    "f_beta",
    "image_overlaps",
    "left_out_precision",
    "match_detections",
    "match_voc",
    "mean_iou",
    "optimal_lrp",
    "pixel_metrics",
    "precision_recall",
    "report_curves",
    "resampled_curves",
    "score_counts",
    "tide_errors",
    "voc_average_precision",
]
