"""AP Loss: average precision as a loss, by ranking every positive against every logit."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.error_driven import error_driven
from boxgauge.losses.pairs import paired
from boxgauge.losses.ranking import rank
from boxgauge.losses.reduction import count, reduce


def ap_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"], *, delta: float = 0.5
) -> Float[Tensor, "1"]:
    r"""Return one minus the interpolated average precision of a ranking.

    With :math:`H(x) = clamp(x / 2\delta + 1/2, 0, 1)`, a positive :math:`i` has

    .. math::
        L_{ij} = \frac{H(s_j - s_i)}{1 + \sum_{k \ne i} H(s_k - s_i)}, \quad
        precision_i = 1 - \sum_{j \in N} L_{ij}

    Precision is interpolated: no positive has less than one ranked below it, and the
    :math:`L_{ij}` of a row shrink in proportion. The loss is the mean of their sums.

    The gradient is the error-driven update of the paper, not the derivative of the loss:
    :math:`\sum_i L_{ij} / |P|` for a negative, :math:`-\sum_j L_{ij} / |P|` for a
    positive. It sums to 0, and is a constant to a second differentiation.

    Exact for every ``delta`` in O(n log p) for p positives, in float64: the loop over positives
    of the published code gives the same numbers in O(n p).

    Args:
        logits: Finite scores s of all anchors of a batch.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        delta: Half the width of the ramp H, in logits, at least 1e-6.

    Returns:
        The loss, shape [1], in [0, 1): 0 where every positive outranks every negative by
        ``delta``, and where there are no positives or no negatives.

    Edges:
        No positives, no negatives and no rows give a loss and gradient of 0. Of a tie each is
        half above the other. Half precision is ranked as the numbers it holds; the loss is
        float32. The graph compacts the positives, which is not for TensorRT: there a ranking
        needs a dense tile of positives by rows.

    When to use:
        In place of a classification loss that needs its balance of positives and
        negatives tuned; the loss is one minus the metric. It sees all rows of a batch at once,
        so that small batches rank little. Localisation is not looked at: see aLRP Loss and
        Rank & Sort.

    Raises:
        ValueError: ``delta`` is below 1e-6, or the two do not pair up.

    References:
        Chen et al., "Towards Accurate One-Stage Object Detection with AP-Loss",
        CVPR 2019, Eq. 3-12 and Algorithm 1. https://arxiv.org/abs/1904.06373
        Chen et al., "AP-Loss for Accurate One-Stage Object Detection", TPAMI 2020.
        https://arxiv.org/abs/2008.07294
    """
    logits, target = paired(logits, target, "n")
    ranking = rank(logits, target == 1, target == 0, delta)
    false_above = ranking.false_above()
    # A positive counts itself as 1, of which the sum has H(0) = 1/2.
    place = 0.5 + ranking.true_above(torch.ones_like(false_above)) + false_above
    # Interpolated from below, where nothing has no precision.
    nothing = false_above.new_ones(1)
    imprecision = torch.cat((nothing, false_above / place)).cummin(0).values[1:]

    # Interpolated, L_ij is H(s_j - s_i) times a share of the positive i. With nothing false
    # above there is none; the floor is one that float32 holds: ONNX export rounds constants.
    share = (imprecision / false_above.clamp(min=2.0**-100)).minimum(1 / place)
    update = ranking.update(share, -imprecision) / count(share)
    return error_driven(reduce(imprecision), update, logits)
