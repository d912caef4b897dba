"""Pixel metrics of class masks, all from one count of true against predicted class."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from boxgauge.metrics.segments import extent, take


class PixelMetrics(NamedTuple):
    """Ratios in [0, 1], by class and, last, 0 for others; 0 where undefined: ask the flags."""

    iou: Float64[Tensor, "k1"]
    """TP / (TP + FP + FN) of each class."""
    dice: Float64[Tensor, "k1"]
    """2 TP / (2 TP + FP + FN), which is F1."""
    precision: Float64[Tensor, "k1"]
    """TP / (TP + FP)."""
    recall: Float64[Tensor, "k1"]
    """TP / (TP + FN), also called class accuracy."""
    is_true: Bool[Tensor, "k1"]
    """A pixel is of the class: recall is defined."""
    is_predicted: Bool[Tensor, "k1"]
    """A pixel was given the class: precision is defined; IoU and Dice are with either."""
    pixel_accuracy: Float64[Tensor, "1"]
    """Share of right ones among the pixels of these classes."""
    mean_accuracy: Float64[Tensor, "1"]
    """Mean recall of the classes that occur."""
    mean_iou: Float64[Tensor, "1"]
    """Mean IoU of the classes that occur or were predicted."""
    weighted_iou: Float64[Tensor, "1"]
    """Mean IoU of the classes that occur, weighted by their pixels."""


def count_pixels(
    pred: Int64[Tensor, "p"],
    target: Int64[Tensor, "p"],
    classes: Int64[Tensor, "k"],
    counts: Int64[Tensor, "k1 k1"],
) -> Int64[Tensor, "k1 k1"]:
    """Return the confusion counts with more pixels in them.

    Args:
        pred: Predicted class of each pixel, of any number of images.
        target: True class; a pixel with a negative one is void and counts nowhere.
        classes: Ids of the classes, distinct, at least 0. A table as long as the largest is
            made, so that they should be small.
        counts: So far; zeros to begin with. Row: true class; column: predicted class; both in
            the order of ``classes``, then all others together.

    Returns:
        The new counts.
    """
    others, last = classes.shape[0], counts.shape[0]
    ids = extent(classes)
    # Ids from the largest on, and negative ones, share the last entry: others.
    table = classes.new_zeros(ids + 1) + others
    table = table.scatter(0, classes, torch.arange(others, device=classes.device))
    labelled = (target >= 0).long()
    row, column = (
        take(table, torch.where((each < 0) | (each > ids), ids, each)) for each in (target, pred)
    )
    added = counts.new_zeros(last * last).scatter_add(0, row * last + column, labelled)
    return counts + added.reshape(last, last)


def pixel_metrics(counts: Int64[Tensor, "k1 k1"]) -> PixelMetrics:
    r"""Return what follows from confusion counts.

    With :math:`n_{ij}` pixels of class i that were given class j and :math:`t_i` of class i,

    .. math::
        \text{pixel accuracy} = \frac{\sum_i n_{ii}}{\sum_i t_i}, \quad
        \text{frequency-weighted IoU} = \frac{\sum_i t_i \, IoU_i}{\sum_i t_i}

    Args:
        counts: As `count_pixels` returns them: the last row and column are other classes,
            whose pixels are errors where one of the k was predicted.

    References:
        Long et al., "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
        Section 5; Everingham et al., IJCV 2015, Section 4.1.3.
    """
    place = torch.arange(counts.shape[0], device=counts.device)
    # Masked, not cut off: a slice would guard against few classes in the exported graph.
    listed = (place < counts.shape[0] - 1).long()
    right, true, predicted = (
        each * listed for each in (torch.diagonal(counts), counts.sum(1), counts.sum(0))
    )
    either = true + predicted - right
    iou, dice = _ratio(right, either), _ratio(2 * right, true + predicted)
    precision, recall = _ratio(right, predicted), _ratio(right, true)
    is_true, present = true > 0, either > 0
    pixels = true.sum().reshape(1)
    return PixelMetrics(
        iou,
        dice,
        precision,
        recall,
        is_true,
        predicted > 0,
        _ratio(right.sum().reshape(1), pixels),
        _total(recall) / is_true.sum().clamp(min=1),
        _total(iou) / present.sum().clamp(min=1),
        _total(iou * true.double()) / pixels.clamp(min=1),
    )


def _ratio(part: Int64[Tensor, "n"], whole: Int64[Tensor, "n"]) -> Float64[Tensor, "n"]:
    return part.double() / whole.clamp(min=1).double()


def _total(values: Float64[Tensor, "k1"]) -> Float64[Tensor, "1"]:
    # Not sum(): a running sum adds in the same order everywhere, and so gives the same bits.
    return torch.cumsum(values, 0)[-1:]
