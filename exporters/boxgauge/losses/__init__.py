"""Losses of object detection, one paper a file, one value per pair of rows."""

from boxgauge.losses.alpha_iou import alpha_iou_loss
from boxgauge.losses.alrp import ALRP, alrp_loss, self_balance
from boxgauge.losses.ap_loss import ap_loss
from boxgauge.losses.asymmetric import asymmetric_loss
from boxgauge.losses.balanced_l1 import balanced_l1_loss
from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.boxes import BoxFormat, to_corners
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.combo import combo_loss
from boxgauge.losses.composition import Composition
from boxgauge.losses.cross_entropy import cross_entropy_loss
from boxgauge.losses.detection_precision import detection_precision_loss
from boxgauge.losses.dice import dice_loss
from boxgauge.losses.dice_bce import dice_bce_loss
from boxgauge.losses.diou import diou_loss
from boxgauge.losses.distribution_focal import distribution_focal_loss
from boxgauge.losses.eiou import eiou_loss
from boxgauge.losses.focal import focal_loss
from boxgauge.losses.focal_eiou import focal_eiou_loss
from boxgauge.losses.focal_tversky import focal_tversky_loss
from boxgauge.losses.ghm_c import GHMC, ghm_c_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.huber import huber_loss
from boxgauge.losses.inner_iou import inner_iou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.l1 import l1_loss
from boxgauge.losses.lovasz_hinge import lovasz_hinge_loss
from boxgauge.losses.lovasz_softmax import lovasz_softmax_loss
from boxgauge.losses.module import LossModule
from boxgauge.losses.modules import (
    AlphaIoULoss,
    ALRPLoss,
    APLoss,
    AsymmetricLoss,
    BalancedL1Loss,
    BCELoss,
    BCEWithLogitsLoss,
    CIoULoss,
    ComboLoss,
    CrossEntropyLoss,
    DetectionPrecisionLoss,
    DiceBCELoss,
    DiceLoss,
    DIoULoss,
    DistributionFocalLoss,
    EIoULoss,
    FocalEIoULoss,
    FocalLoss,
    FocalTverskyLoss,
    GHMCLoss,
    GIoULoss,
    HuberLoss,
    InnerIoULoss,
    IoULoss,
    L1Loss,
    LovaszHingeLoss,
    LovaszSoftmaxLoss,
    MPDIoULoss,
    NWDLoss,
    PolyFocalLoss,
    PolyLoss,
    QualityFocalLoss,
    RankSortLoss,
    SeesawLoss,
    ShapeIoULoss,
    SIoULoss,
    SmoothAPLoss,
    SmoothL1Loss,
    SoftAveragePrecisionLoss,
    SoftFBetaLoss,
    SoftJaccardLoss,
    SoftMIoULoss,
    SoftPrecisionLoss,
    SoftRecallLoss,
    TverskyLoss,
    VarifocalLoss,
    WiseIoULoss,
    WiseIoUV2Loss,
    WiseIoUV3Loss,
)
from boxgauge.losses.mpdiou import mpdiou_loss
from boxgauge.losses.nwd import nwd_loss
from boxgauge.losses.poly import poly_loss
from boxgauge.losses.poly_focal import poly_focal_loss
from boxgauge.losses.quality_focal import quality_focal_loss
from boxgauge.losses.rank_sort import RankSort, rank_sort_loss
from boxgauge.losses.reduction import Reduction, reduce
from boxgauge.losses.seesaw import Seesaw, seesaw_loss
from boxgauge.losses.shape_iou import shape_iou_loss
from boxgauge.losses.siou import siou_loss
from boxgauge.losses.smooth_ap import smooth_ap_loss
from boxgauge.losses.smooth_l1 import smooth_l1_loss
from boxgauge.losses.soft_average_precision import soft_average_precision_loss
from boxgauge.losses.soft_f_beta import soft_f_beta_loss
from boxgauge.losses.soft_jaccard import soft_jaccard_loss
from boxgauge.losses.soft_miou import soft_miou_loss
from boxgauge.losses.soft_precision import soft_precision_loss
from boxgauge.losses.soft_recall import soft_recall_loss
from boxgauge.losses.terms import DescriptionError, Term
from boxgauge.losses.total import DetectionLoss, TotalLoss, detection_loss, total_loss
from boxgauge.losses.tversky import tversky_loss
from boxgauge.losses.varifocal import varifocal_loss
from boxgauge.losses.wise_iou import WiseIoU, wise_iou_loss, wise_iou_v2_loss, wise_iou_v3_loss

__all__ = [
    "ALRP",
    "GHMC",
    "ALRPLoss",
    "APLoss",
    "AlphaIoULoss",
    "AsymmetricLoss",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BalancedL1Loss",
    "BoxFormat",
    "CIoULoss",
    "ComboLoss",
    "Composition",
    "CrossEntropyLoss",
    "DIoULoss",
    "DescriptionError",
    "DetectionLoss",
    "DetectionPrecisionLoss",
    "DiceBCELoss",
    "DiceLoss",
    "DistributionFocalLoss",
    "EIoULoss",
    "FocalEIoULoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "GHMCLoss",
    "GIoULoss",
    "HuberLoss",
    "InnerIoULoss",
    "IoULoss",
    "L1Loss",
    "LossModule",
    "LovaszHingeLoss",
    "LovaszSoftmaxLoss",
    "MPDIoULoss",
    "NWDLoss",
    "PolyFocalLoss",
    "PolyLoss",
    "QualityFocalLoss",
    "RankSort",
    "RankSortLoss",
    "Reduction",
    "SIoULoss",
    "Seesaw",
    "SeesawLoss",
    "ShapeIoULoss",
    "SmoothAPLoss",
    "SmoothL1Loss",
    "SoftAveragePrecisionLoss",
    "SoftFBetaLoss",
    "SoftJaccardLoss",
    "SoftMIoULoss",
    "SoftPrecisionLoss",
    "SoftRecallLoss",
    "Term",
    "TotalLoss",
    "TverskyLoss",
    "VarifocalLoss",
    "WiseIoU",
    "WiseIoULoss",
    "WiseIoUV2Loss",
    "WiseIoUV3Loss",
    "alpha_iou_loss",
    "alrp_loss",
    "ap_loss",
    "asymmetric_loss",
    "balanced_l1_loss",
    "bce_loss",
    "bce_with_logits_loss",
    "ciou_loss",
    "combo_loss",
    "cross_entropy_loss",
    "detection_loss",
    "detection_precision_loss",
    "dice_bce_loss",
    "dice_loss",
    "diou_loss",
    "distribution_focal_loss",
    "eiou_loss",
    "focal_eiou_loss",
    "focal_loss",
    "focal_tversky_loss",
    "ghm_c_loss",
    "giou_loss",
    "huber_loss",
    "inner_iou_loss",
    "iou_loss",
    "l1_loss",
    "lovasz_hinge_loss",
    "lovasz_softmax_loss",
    "mpdiou_loss",
    "nwd_loss",
    "poly_focal_loss",
    "poly_loss",
    "quality_focal_loss",
    "rank_sort_loss",
    "reduce",
    "seesaw_loss",
    "self_balance",
    "shape_iou_loss",
    "siou_loss",
    "smooth_ap_loss",
    "smooth_l1_loss",
    "soft_average_precision_loss",
    "soft_f_beta_loss",
    "soft_jaccard_loss",
    "soft_miou_loss",
    "soft_precision_loss",
    "soft_recall_loss",
    "to_corners",
    "total_loss",
    "tversky_loss",
    "varifocal_loss",
    "wise_iou_loss",
    "wise_iou_v2_loss",
    "wise_iou_v3_loss",
]
