# ruff: noqa: D101  (each class has the documentation of its function)
"""Every loss as a module, under the name that PyTorch's users expect: ``GIoULoss`` and so on.

``help(GIoULoss)`` shows the function's own documentation. What they share, reduction, weight
and the format of boxes, is in :class:`LossModule`.
"""

import torch

from boxgauge.losses.alpha_iou import alpha_iou_loss
from boxgauge.losses.alrp import alrp_loss
from boxgauge.losses.ap_loss import ap_loss
from boxgauge.losses.asymmetric import asymmetric_loss
from boxgauge.losses.balanced_l1 import balanced_l1_loss
from boxgauge.losses.bce import bce_loss, bce_with_logits_loss
from boxgauge.losses.boxes import BoxFormat
from boxgauge.losses.ciou import ciou_loss
from boxgauge.losses.combo import combo_loss
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
from boxgauge.losses.ghm_c import ghm_c_loss
from boxgauge.losses.giou import giou_loss
from boxgauge.losses.huber import huber_loss
from boxgauge.losses.inner_iou import inner_iou_loss
from boxgauge.losses.iou import iou_loss
from boxgauge.losses.l1 import l1_loss
from boxgauge.losses.lovasz_hinge import lovasz_hinge_loss
from boxgauge.losses.lovasz_softmax import lovasz_softmax_loss
from boxgauge.losses.module import LossModule
from boxgauge.losses.mpdiou import mpdiou_loss
from boxgauge.losses.nwd import nwd_loss
from boxgauge.losses.poly import poly_loss
from boxgauge.losses.poly_focal import poly_focal_loss
from boxgauge.losses.quality_focal import quality_focal_loss
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.rank_sort import rank_sort_loss
from boxgauge.losses.reduction import Reduction
from boxgauge.losses.seesaw import seesaw_loss
from boxgauge.losses.shape_iou import shape_iou_loss
from boxgauge.losses.signature import Option
from boxgauge.losses.siou import siou_loss
from boxgauge.losses.smooth_ap import smooth_ap_loss
from boxgauge.losses.smooth_l1 import smooth_l1_loss
from boxgauge.losses.soft_average_precision import soft_average_precision_loss
from boxgauge.losses.soft_f_beta import soft_f_beta_loss
from boxgauge.losses.soft_jaccard import soft_jaccard_loss
from boxgauge.losses.soft_miou import soft_miou_loss
from boxgauge.losses.soft_precision import soft_precision_loss
from boxgauge.losses.soft_recall import soft_recall_loss
from boxgauge.losses.tversky import tversky_loss
from boxgauge.losses.varifocal import varifocal_loss
from boxgauge.losses.wise_iou import wise_iou_loss, wise_iou_v2_loss, wise_iou_v3_loss


def _refuse_unless_size(name: str, size: int) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"{name} must be an integer of at least 1: got {size!r}")


class IoULoss(LossModule, kernel=iou_loss): ...


class GIoULoss(LossModule, kernel=giou_loss): ...


class DIoULoss(LossModule, kernel=diou_loss): ...


class CIoULoss(LossModule, kernel=ciou_loss): ...


class EIoULoss(LossModule, kernel=eiou_loss): ...


class FocalEIoULoss(LossModule, kernel=focal_eiou_loss): ...


class SIoULoss(LossModule, kernel=siou_loss): ...


class AlphaIoULoss(LossModule, kernel=alpha_iou_loss): ...


class WiseIoULoss(LossModule, kernel=wise_iou_loss): ...


class MPDIoULoss(LossModule, kernel=mpdiou_loss): ...


class InnerIoULoss(LossModule, kernel=inner_iou_loss): ...


class ShapeIoULoss(LossModule, kernel=shape_iou_loss): ...


class NWDLoss(LossModule, kernel=nwd_loss): ...


class L1Loss(LossModule, kernel=l1_loss): ...


class SmoothL1Loss(LossModule, kernel=smooth_l1_loss): ...


class HuberLoss(LossModule, kernel=huber_loss): ...


class BalancedL1Loss(LossModule, kernel=balanced_l1_loss): ...


class _WithMeanIoULoss(LossModule):
    def __init__(
        self,
        *,
        reduction: Reduction = "mean",
        box_format: BoxFormat | None = None,
        mean_iou_loss: float = 1.0,
        **options: Option,
    ) -> None:
        refuse_outside("[0, 1]", mean_iou_loss=mean_iou_loss)
        states = {"mean_iou_loss": torch.full((1,), float(mean_iou_loss))}
        super().__init__(reduction=reduction, box_format=box_format, states=states, **options)


class WiseIoUV2Loss(_WithMeanIoULoss, kernel=wise_iou_v2_loss): ...


class WiseIoUV3Loss(_WithMeanIoULoss, kernel=wise_iou_v3_loss): ...


class BCELoss(LossModule, kernel=bce_loss): ...


class BCEWithLogitsLoss(LossModule, kernel=bce_with_logits_loss): ...


class CrossEntropyLoss(LossModule, kernel=cross_entropy_loss): ...


class FocalLoss(LossModule, kernel=focal_loss): ...


class QualityFocalLoss(LossModule, kernel=quality_focal_loss): ...


class DistributionFocalLoss(LossModule, kernel=distribution_focal_loss): ...


class VarifocalLoss(LossModule, kernel=varifocal_loss): ...


class AsymmetricLoss(LossModule, kernel=asymmetric_loss): ...


class PolyLoss(LossModule, kernel=poly_loss): ...


class PolyFocalLoss(LossModule, kernel=poly_focal_loss): ...


class GHMCLoss(LossModule, kernel=ghm_c_loss):
    """The running counts of ``bins`` bins, the buffer ``bin_counts``, begin with zeros."""

    def __init__(self, *, reduction: Reduction = "mean", bins: int = 10, **options: Option) -> None:
        _refuse_unless_size("bins", bins)
        states = {"bin_counts": torch.zeros(bins)}
        super().__init__(reduction=reduction, box_format=None, states=states, **options)


class SeesawLoss(LossModule, kernel=seesaw_loss):
    """The counts of ``classes`` classes, the buffer ``class_counts``, begin with zeros."""

    def __init__(self, *, classes: int, reduction: Reduction = "mean", **options: Option) -> None:
        _refuse_unless_size("classes", classes)
        states = {"class_counts": torch.zeros(classes, dtype=torch.int64)}
        super().__init__(reduction=reduction, box_format=None, states=states, **options)


class DiceLoss(LossModule, kernel=dice_loss): ...


class TverskyLoss(LossModule, kernel=tversky_loss): ...


class FocalTverskyLoss(LossModule, kernel=focal_tversky_loss): ...


class SoftJaccardLoss(LossModule, kernel=soft_jaccard_loss): ...


class SoftMIoULoss(LossModule, kernel=soft_miou_loss): ...


class LovaszHingeLoss(LossModule, kernel=lovasz_hinge_loss): ...


class LovaszSoftmaxLoss(LossModule, kernel=lovasz_softmax_loss): ...


class DiceBCELoss(LossModule, kernel=dice_bce_loss): ...


class ComboLoss(LossModule, kernel=combo_loss): ...


class APLoss(LossModule, kernel=ap_loss): ...


class SmoothAPLoss(LossModule, kernel=smooth_ap_loss): ...


class SoftPrecisionLoss(LossModule, kernel=soft_precision_loss): ...


class SoftRecallLoss(LossModule, kernel=soft_recall_loss): ...


class SoftFBetaLoss(LossModule, kernel=soft_f_beta_loss): ...


class SoftAveragePrecisionLoss(LossModule, kernel=soft_average_precision_loss): ...


class DetectionPrecisionLoss(LossModule, kernel=detection_precision_loss): ...


class ALRPLoss(LossModule, kernel=alrp_loss): ...


class RankSortLoss(LossModule, kernel=rank_sort_loss): ...
