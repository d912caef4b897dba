"""Calibration of detectors: whether a score says how often, and how well, a box is right."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from boxgauge.metrics.overlap import coco_overlap

# Sums are integers in units of 1 / this, so that no order of addition matters.
FIXED_POINT = 2.0**32
# Columns of the counts.
DETECTIONS, CORRECT, SCORES, IOUS = range(4)


class CalibrationErrors(NamedTuple):
    """Errors of each group, in [0, 1]; 0 for a group without detections: ask ``detections``."""

    d_ece: Float64[Tensor, "g"]
    la_ece: Float64[Tensor, "g"]
    detections: Int64[Tensor, "g"]


def count_calibration(
    group: Int64[Tensor, "d"],
    scores: Float64[Tensor, "d"],
    correct: Bool[Tensor, "d"],
    boxes: Float64[Tensor, "d 4"],
    truths: Float64[Tensor, "d 4"],
    bounds: Float64[Tensor, "c"],
    counts: Int64[Tensor, "g b 4"],
) -> Int64[Tensor, "g b 4"]:
    """Return the counts of each group and score bin with more detections in them.

    Args:
        group: What the detections are told apart by, mostly their class: from 0 to g - 1.
        scores: Confidence, in [0, 1].
        correct: True positives; any other detection counts as wrong.
        boxes: Left, top, width, height of each detection, pixels.
        truths: The same of the ground truth that it matched; any box where it is not correct.
        bounds: Scores from which on the next bin begins, ascending: one less than bins.
        counts: So far; zeros to begin with. Of each bin: detections, true positives, the sum
            of scores and the sum of the true positives' IoU, both in units of 2^-32.

    Returns:
        The new counts; 2^31 detections fit.
    """
    groups, bins = counts.shape[0], counts.shape[1]
    place = (scores[:, None] >= bounds).long().sum(1)
    iou = torch.where(correct, coco_overlap(boxes, truths, torch.zeros_like(correct)), 0.0)
    columns = (
        torch.ones_like(group),
        correct.long(),
        torch.round(scores * FIXED_POINT).long(),
        torch.round(iou * FIXED_POINT).long(),
    )
    cell = (group * bins + place).expand(4, -1)
    added = counts.new_zeros(4, groups * bins).scatter_add(1, cell, torch.stack(columns))
    return counts + added.T.reshape(groups, bins, 4)


def calibration_errors(
    counts: Int64[Tensor, "g b 4"], least: Int64[Tensor, "1"]
) -> CalibrationErrors:
    r"""Return D-ECE and LaECE of each group from its counts.

    .. math::
        \text{D-ECE} = \sum_b \frac{n_b}{n} |\text{precision}_b - \text{score}_b|, \quad
        \text{LaECE} = \sum_b \frac{n_b}{n}
        |\text{score}_b - \text{precision}_b \cdot \text{IoU}_b|

    with the means of each bin. Times n, each term is a difference of sums, so that the errors
    are integers but for the one division at the end.

    Args:
        counts: As `count_calibration` returns them.
        least: Bins with fewer detections add nothing; they stay in n.

    References:
        Küppers et al., "Multivariate Confidence Calibration for Object Detection", CVPR
        Workshops 2020; Oksuz et al., "Towards Building Self-Aware Object Detectors
        via Reliable Uncertainty Quantification and Calibration", CVPR 2023.
    """
    detections, correct, scores, ious = counts.unbind(-1)
    heard = (detections >= least).long()
    n = detections.sum(1)
    unit = n.clamp(min=1).double() * FIXED_POINT
    d_ece = ((correct * int(FIXED_POINT) - scores).abs() * heard).sum(1).double() / unit
    la_ece = ((scores - ious).abs() * heard).sum(1).double() / unit
    return CalibrationErrors(d_ece, la_ece, n)
