"""Soft average precision over IoU thresholds: COCO's figure with sigmoids for its steps."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.candidates import candidates
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside
from boxgauge.losses.soft_ranking import soft_average_precision

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def soft_average_precision_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    iou: Float[Tensor, "n"],
    *,
    iou_thresholds: Sequence[float] = IOU_THRESHOLDS,
    temperature: float = 0.25,
    iou_temperature: float = 0.02,
) -> Float[Tensor, "1"]:
    r"""Return one minus the soft average precision, averaged over IoU thresholds.

    A positive is right at an IoU threshold :math:`\theta` by :math:`m_{i\theta}`, 0 for a
    negative, and :math:`G(x) = 1 / (1 + e^{-x / \tau})` is how far one score is above another:

    .. math::
        m_{i\theta} = \frac{1}{1 + e^{-(IoU_i - \theta) / \tau_{IoU}}}, \quad
        precision_{i\theta} = \frac{m_{i\theta} + \sum_{j \ne i} m_{j\theta} G(s_j - s_i)}
                                   {1 + \sum_{j \ne i} G(s_j - s_i)}

    .. math::
        L = 1 - \frac{1}{|P|\,T} \sum_\theta \sum_{i \in P} m_{i\theta}\, precision_{i\theta}

    The gradient is the derivative by both the logits and the IoUs; that of the logits sums to
    0. Which candidate answers for which object is given, not matched anew at each threshold.
    Cost: O(n |P| T) in time and O(n |P|) in memory, at most 2**27 pairs. Exported graphs
    compare all rows with all, O(n²).

    Args:
        logits: Finite scores s of all candidates of a batch.
        target: 1 for a candidate that answers for an object, 0 for background; a row with any
            other value is ignored and has zero gradient. Paired with ``logits`` by row.
        iou: IoU in [0, 1] of each candidate's box with its object, clamped to that range;
            read at positives alone.
        iou_thresholds: The T thresholds :math:`\theta`, in [0, 1]; by default COCO's ten.
        temperature: :math:`\tau`, in logits, in [1e-6, 1e6].
        iou_temperature: :math:`\tau_{IoU}`, in IoU, in [1e-6, 1e6].

    Returns:
        The loss, shape [1], in [0, 1]: near 0 where every positive outranks every negative by
        far and has an IoU well above all thresholds (0.016 at IoUs of 1, by the defaults).

    Edges:
        Ties count by half. Without positives there is nothing to rank: 0, with zero gradient.
        A box some :math:`10\,\tau_{IoU}` below the lowest threshold has almost no gradient.
        Half precision is computed in float32.

    When to use:
        To tune a detector that already finds its objects for COCO's AP itself. From scratch
        most boxes are below all thresholds and nothing moves them: add a loss such as GIoU, or
        take ``detection_precision_loss``, which counts every IoU.

    Raises:
        ValueError: The shapes differ, there are no thresholds, one of them or a temperature is
            outside its range, or there are more than 2**27 pairs.

    References:
        Brown et al., "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval",
        ECCV 2020, Section 4, for the ranking. https://arxiv.org/abs/2007.12163
        Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, for the thresholds.
        https://arxiv.org/abs/1405.0312
    """
    if not iou_thresholds:
        raise ValueError("at least one IoU threshold is needed: got none")
    for threshold in iou_thresholds:
        refuse_outside("[0, 1]", iou_thresholds=threshold)
    refuse_outside("[1e-6, 1e6]", iou_temperature=iou_temperature)

    rows = candidates(logits, target)
    _, iou = paired(logits, iou)
    # At negatives the IoU may be anything, NaN too.
    overlap = torch.where(rows.positive > 0, iou, 0.0).clamp(0.0, 1.0)
    thresholds = overlap.new_tensor([list(iou_thresholds)])
    match = ((overlap[:, None] - thresholds) / iou_temperature).sigmoid() * rows.positive[:, None]
    return 1 - soft_average_precision(rows, match, temperature)
