"""Average precision without one group of images at a time, for the jackknife.

The area under the envelope of precision takes the place of its mean over 101 recall points:
what one group moves is small beside a step of the grid, and an area has no steps.
"""

import torch
from jaxtyping import Float32, Int64
from torch import Tensor

# Steps of a curve. Fixed, so that sums and maxima along a curve are plain operators.
STEPS = 16

_SPACING = 2.0**-52


def left_out_precision(
    hits: Float32[Tensor, "16 g s"],
    seen: Float32[Tensor, "16 g s"],
    positives: Int64[Tensor, "g s"],
) -> Float32[Tensor, "g s"]:
    r"""Return average precision of each curve without each group, -1 without positives.

    .. math::
        AP_g = \sum_b \frac{t_b}{P} \max_{c \ge b} \frac{T_c}{N_c}

    with :math:`t_b` true positives in step b, :math:`T_c` and :math:`N_c` true positives and
    detections up to and with step c, and P ground truths, all without group g.

    Counts are exact to 2^24, and what comes of them is good to some 1e-7, far below what one
    group moves.

    Args:
        hits: True positives in each step of a curve, from the highest scores on, by group.
        seen: Detections that count, likewise.
        positives: Ground truths of each group.

    References:
        Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17(4), 2001.
    """
    left = [of_step.sum(0, keepdim=True) - of_step for of_step in hits.unbind(0)]
    tp = torch.zeros_like(positives).float()
    # What pycocotools adds to each denominator; here it keeps 0 / 0 out.
    counted = tp + torch.tensor([_SPACING], dtype=torch.float32, device=hits.device)
    precision = []
    for found, of_step in zip(left, seen.unbind(0), strict=True):
        tp = tp + found
        counted = counted + (of_step.sum(0, keepdim=True) - of_step)
        precision.append(tp / counted)
    best = area = torch.zeros_like(tp)
    for found, of_step in zip(reversed(left), reversed(precision), strict=True):
        best = torch.maximum(best, of_step)
        area = area + found * best
    to_find = positives.sum(0, keepdim=True) - positives
    return torch.where(to_find > 0, area / to_find.clamp(min=1), -1.0)
