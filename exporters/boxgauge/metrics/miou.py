"""Mean IoU of class masks."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor


class MeanIoU(NamedTuple):
    """IoU of each class and its mean over the classes that are present."""

    iou: Float64[Tensor, "k"]
    """In [0, 1], float64; 0 for a class that is not present."""
    present: Bool[Tensor, "k"]
    """Whether any mask, predicted or true, has the class."""
    miou: Float64[Tensor, "1"]
    """Mean over the classes present, float64; 0 if none is: ask ``present``."""


def mean_iou(
    pred: Int64[Tensor, "n p"], target: Int64[Tensor, "n p"], classes: Int64[Tensor, "k"]
) -> MeanIoU:
    r"""Return the IoU of each class over all pixels of all images, and its mean.

    .. math:: IoU_c = \frac{TP_c}{TP_c + FP_c + FN_c}

    Counts are summed over the images before dividing, as PASCAL VOC does: this is not the
    mean of the images' IoU. Memory: k·n·p bytes, a few times over.

    Args:
        pred: Predicted class of each pixel, one image a row.
        target: True class of each pixel, paired with ``pred``; a pixel with a negative
            class is void and counts nowhere.
        classes: Ids of the classes to report, each at most once. A pixel of any other
            class still counts as wrong where one of these was predicted.

    References:
        Everingham et al., "The PASCAL Visual Object Classes Challenge: A Retrospective",
        IJCV 2015, Section 4.1.3.
    """
    ids = classes.reshape(-1, 1)
    pred, target = pred.reshape(1, -1), target.reshape(1, -1)
    labelled = target >= 0
    is_pred, is_target = (pred == ids) & labelled, (target == ids) & labelled

    overlap = (is_pred & is_target).sum(-1)
    union = (is_pred | is_target).sum(-1)
    present = union > 0

    iou = overlap.to(torch.float64) / union.clamp(min=1)
    miou = iou.sum() / present.sum().clamp(min=1)
    return MeanIoU(iou, present, miou.reshape(1))
