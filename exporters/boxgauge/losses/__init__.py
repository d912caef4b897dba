"""Losses of object detection, one paper a file, one value per pair of rows."""

from boxgauge.losses.ap_loss import ap_loss
from boxgauge.losses.asymmetric import asymmetric_loss
from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.cross_entropy import cross_entropy_loss
from boxgauge.losses.dice import dice_loss
from boxgauge.losses.distribution_focal import distribution_focal_loss
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.ghm_c import GHMCLoss, ghm_c_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.poly import poly_loss
from boxgauge.losses.poly_focal import poly_focal_loss
from boxgauge.losses.quality_focal import quality_focal_loss
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.seesaw import SeesawLoss, seesaw_loss
from boxgauge.losses.smooth_l1 import smooth_l1_loss
from boxgauge.losses.soft_miou import soft_miou_loss
from boxgauge.losses.total import DetectionLoss, TotalLoss, detection_loss, total_loss
from boxgauge.losses.varifocal import varifocal_loss

__all__ = [
    "DetectionLoss",
    "GHMCLoss",
    "Reduction",
    "SeesawLoss",
    "TotalLoss",
    "ap_loss",
    "asymmetric_loss",
    "bce_loss",
    "bce_with_logits_loss",
    "ciou_loss",
    "cross_entropy_loss",
    "detection_loss",
    "dice_loss",
    "distribution_focal_loss",
    "focal_loss",
    "ghm_c_loss",
    "giou_loss",
    "iou_loss",
    "poly_focal_loss",
    "poly_loss",
    "quality_focal_loss",
    "reduce",
    "seesaw_loss",
    "smooth_l1_loss",
    "soft_miou_loss",
    "total_loss",
    "varifocal_loss",
]
