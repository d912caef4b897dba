"""Losses of object detection, one paper a file, one value per pair of rows."""

from boxgauge.losses.ap_loss import ap_loss
from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.combo import combo_loss
from boxgauge.losses.dice import dice_loss
from boxgauge.losses.dice_bce import dice_bce_loss
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.focal_tversky import focal_tversky_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.lovasz_hinge import lovasz_hinge_loss
from boxgauge.losses.lovasz_softmax import lovasz_softmax_loss
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.smooth_l1 import smooth_l1_loss
from boxgauge.losses.soft_jaccard import soft_jaccard_loss
from boxgauge.losses.soft_miou import soft_miou_loss
from boxgauge.losses.total import DetectionLoss, TotalLoss, detection_loss, total_loss
from boxgauge.losses.tversky import tversky_loss

__all__ = [
    "DetectionLoss",
    "Reduction",
    "TotalLoss",
    "ap_loss",
    "bce_loss",
    "bce_with_logits_loss",
    "ciou_loss",
    "combo_loss",
    "detection_loss",
    "dice_bce_loss",
    "dice_loss",
    "focal_loss",
    "focal_tversky_loss",
    "giou_loss",
    "iou_loss",
    "lovasz_hinge_loss",
    "lovasz_softmax_loss",
    "reduce",
    "smooth_l1_loss",
    "soft_jaccard_loss",
    "soft_miou_loss",
    "total_loss",
    "tversky_loss",
]
