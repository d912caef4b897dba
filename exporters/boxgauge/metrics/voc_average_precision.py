"""Pascal VOC's two average precisions: the area below the envelope, and its mean at 11 points."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from boxgauge.metrics.hits import IGNORED, TRUE_POSITIVE
from boxgauge.metrics.running import maximum_from_here
from boxgauge.metrics.segments import count, order_within, positions, starts, take

VOC_POINTS = 11


class VocAveragePrecision(NamedTuple):
    """One value a threshold and class; 0, and not ``defined``, for a class without positives.

    Attributes:
        all_point: Area below the envelope of precision over recall, float64 [t, k].
        eleven_point: Mean of the envelope at 11 recalls, float64 [t, k].
        recall: Recall reached with all detections, float64 [t, k].
        defined: Whether the class has positives, bool [k].
    """

    all_point: Float[Tensor, "t k"]
    eleven_point: Float[Tensor, "t k"]
    recall: Float[Tensor, "t k"]
    defined: Bool[Tensor, " k"]


def voc_average_precision(
    label: Int[Tensor, " n"],
    scores: Float[Tensor, " n"],
    outcome: Int[Tensor, "t n"],
    positives: Int[Tensor, " k"],
    recall_points: Float[Tensor, " 11"],
) -> VocAveragePrecision:
    r"""Return VOC's average precisions from the outcomes of matched detections.

    With :math:`p_k` the highest precision from the k-th true positive on, of n positives,

    .. math::
        AP = \sum_k \left(\frac{k}{n} - \frac{k - 1}{n}\right) p_k, \quad
        AP_{11} = \frac{1}{11} \sum_{r \in \{0, 0.1, \dots, 1\}} \max_{k/n \ge r} p_k

    Args:
        label: Class of each detection, from 0 to k - 1. k · n² < 2^63.
        scores: Confidence; ties keep the order of the rows.
        outcome: 0 false positive, 1 true positive, 2 ignored.
        positives: Ground truths to be found.
        recall_points: The 11 recalls, ascending; the devkit's are ``np.linspace(0, 1, 11)``.

    Returns:
        See `VocAveragePrecision`. Sums run in the order of the tools' loops, from the first
        true positive on and from the highest recall down, so that a CPU gives their bits.

    References:
        Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010,
        Section 4.2 (11 points); VOCdevkit 2010 and later, ``VOCevaldet.m`` (all points).
    """
    classes, thresholds = positives.shape[0], outcome.shape[0]
    order = order_within(label, scores)
    label, outcome = take(label, order), torch.index_select(outcome, 1, order)
    counts = (outcome != IGNORED).long()
    seen = torch.cumsum(counts, 1)
    before = torch.cat([seen.new_zeros(thresholds, 1), seen], 1)
    before_class = torch.index_select(before, 1, starts(count(label, classes)))
    seen = seen - torch.index_select(before_class, 1, label)

    offset = torch.arange(thresholds, device=label.device)[:, None] * classes
    hits = positions((outcome == TRUE_POSITIVE).reshape(-1))
    segment = take((offset + label).reshape(-1), hits)
    found = count(segment, thresholds * classes)
    first = take(starts(found), segment)
    k = torch.arange(hits.shape[0], device=hits.device) - first + 1
    precision = k.double() / take(seen.reshape(-1), hits).double()
    envelope = maximum_from_here(precision, first + take(found, segment) - 1)

    total = positives.clamp(min=1).double().repeat(thresholds)
    of_segment = take(total, segment)
    recall = k.double() / of_segment
    step = recall - (k - 1).double() / of_segment
    area = torch.zeros_like(total).scatter_add(0, segment, step * envelope)

    reached = torch.where(recall >= recall_points[:, None], precision, 0.0)
    at_points = total.new_zeros(VOC_POINTS, thresholds * classes).scatter_reduce(
        1, segment.expand(VOC_POINTS, -1), reached, "amax"
    )
    # One sum after the other: a reduction would add in an order of its own.
    summed = torch.zeros_like(total)
    for row in reversed(at_points.unbind(0)):
        summed = summed + row
    shape = (thresholds, classes)
    return VocAveragePrecision(
        area.reshape(shape),
        (summed / VOC_POINTS).reshape(shape),
        (found.double() / total).reshape(shape),
        positives > 0,
    )
