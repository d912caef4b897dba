"""Losses of object detection, one paper a file, one value per pair of rows."""

from boxgauge.losses.ap_loss import ap_loss
from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.detection_precision import detection_precision_loss
from boxgauge.losses.dice import dice_loss
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.smooth_ap import smooth_ap_loss
from boxgauge.losses.smooth_l1 import smooth_l1_loss
from boxgauge.losses.soft_average_precision import soft_average_precision_loss
from boxgauge.losses.soft_f_beta import soft_f_beta_loss
from boxgauge.losses.soft_miou import soft_miou_loss
from boxgauge.losses.soft_precision import soft_precision_loss
from boxgauge.losses.soft_recall import soft_recall_loss
from boxgauge.losses.total import DetectionLoss, TotalLoss, detection_loss, total_loss

__all__ = [
    "DetectionLoss",
    "Reduction",
    "TotalLoss",
    "ap_loss",
    "bce_loss",
    "bce_with_logits_loss",
    "ciou_loss",
    "detection_loss",
    "detection_precision_loss",
    "dice_loss",
    "focal_loss",
    "giou_loss",
    "iou_loss",
    "reduce",
    "smooth_ap_loss",
    "smooth_l1_loss",
    "soft_average_precision_loss",
    "soft_f_beta_loss",
    "soft_miou_loss",
    "soft_precision_loss",
    "soft_recall_loss",
    "total_loss",
]
