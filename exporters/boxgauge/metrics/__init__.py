"""Precision metrics of detection, eager, for tensors on CPU or GPU."""

from boxgauge.metrics.miou import MeanIoU, mean_iou
from boxgauge.metrics.precision_recall import PrecisionRecall, precision_recall

__all__ = ["MeanIoU", "PrecisionRecall", "mean_iou", "precision_recall"]
