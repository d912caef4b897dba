"""Losses of object detection, one paper a file, one value per pair of rows."""

from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.smooth_l1 import smooth_l1_loss

__all__ = [
    "Reduction",
    "bce_loss",
    "bce_with_logits_loss",
    "ciou_loss",
    "focal_loss",
    "giou_loss",
    "iou_loss",
    "reduce",
    "smooth_l1_loss",
]
