"""Distribution focal loss: a side of a box as a distribution over bins."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import at_least_float32


def distribution_focal_loss(
    logits: Float[Tensor, "n b"], position: Float[Tensor, "n"]
) -> Float[Tensor, "n"]:
    r"""Return the distribution focal loss of each side.

    With :math:`S = softmax(x)` over the bins 0 to b - 1, and :math:`i \le y < i + 1` the
    bins next to the true position :math:`y`,

    .. math:: DFL = -\big((i + 1 - y) \ln S_i + (y - i) \ln S_{i+1}\big)

    Args:
        logits: Any finite numbers, a row of b bins for each side of each box.
        position: True positions in [0, b - 1], in bins: the distance from the anchor to
            the side divided by the stride. Paired with ``logits`` by row.

    Returns:
        One loss per row, in nats. At least the entropy of the two weights: 0 in the limit
        for a position on a bin, ``ln 2`` for one half-way between two.

    Edges:
        Positions outside [0, b - 1] count as the nearer end, the last bin included;
        mmdetection and Ultralytics clamp a little (0.1 or 0.01) before it, because they
        look up bin ``i + 1``. A single bin costs 0. Logits of 1e4 are safe, half precision
        is widened to float32. The four sides of a box are four rows: mmdetection
        and Ultralytics take their mean and weight it with the score.

    When to use:
        Beside an IoU loss on the decoded box, for heads that predict each side as a
        distribution. Its spread then tells how sure the detector is of that side.

    Raises:
        ValueError: The shapes are not [n, b] and [n].

    References:
        Li et al., "Generalized Focal Loss", NeurIPS 2020, Eq. 6.
        https://arxiv.org/abs/2006.04388
    """
    if logits.ndim != 2 or position.ndim != 1 or logits.shape[0] != position.shape[0]:
        raise ValueError(
            "logits must be [n, b] and positions [n]:"
            f" got shapes {[*logits.shape]} and {[*position.shape]}"
        )
    logits, position = at_least_float32(logits), at_least_float32(position)
    bins = torch.arange(logits.shape[1], device=logits.device).to(logits.dtype)
    last = torch.ones_like(logits).sum(-1) - 1
    position = torch.minimum(position.clamp(min=0.0), last).unsqueeze(-1)
    # A hat of width 2 around the position weighs the bins next to it, and no other.
    weight = (1 - (bins - position).abs()).clamp(min=0.0)
    return -(weight * logits.log_softmax(-1)).sum(-1)
