"""Smooth-AP: average precision with a sigmoid in place of every comparison."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.candidates import candidates
from boxgauge.losses.soft_ranking import soft_average_precision


def smooth_ap_loss(
    logits: Float[Tensor, "n"], target: Float[Tensor, "n"], *, temperature: float = 0.25
) -> Float[Tensor, "1"]:
    r"""Return one minus the smoothed average precision of a ranking.

    With :math:`G(x) = 1 / (1 + e^{-x / \tau})` for how far one score is above another,

    .. math::
        AP = \frac{1}{|P|} \sum_{i \in P}
             \frac{1 + \sum_{j \in P, j \ne i} G(s_j - s_i)}
                  {1 + \sum_{j \in P, j \ne i} G(s_j - s_i) + \sum_{j \in N} G(s_j - s_i)},
        \quad L = 1 - AP

    The gradient is the derivative, unlike that of :func:`ap_loss`, so pairs further apart than
    some :math:`5\tau` have almost none. It sums to 0.
    Cost: O(n |P|) in time and memory, at most 2**27 pairs. Exported graphs compare all rows
    with all, O(n²): in a graph the number of rows, not of positives, is what to keep small.

    Args:
        logits: Finite scores s of all rows of a batch.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        temperature: :math:`\tau`, in logits, in [1e-6, 1e6]. The paper's 0.01 is for cosine
            similarities, which span 2; the default is about as steep as the ramp of
            :func:`ap_loss` is in the middle.

    Returns:
        The loss, shape [1], in [0, 1): 0 where every positive outranks every negative by
        far, and where there are no positives.

    Edges:
        Ties count by half. Without positives there is nothing to rank: 0, with zero gradient.
        Precision is not interpolated. Half precision is computed in float32.

    When to use:
        Where a ranking is to be trained by a true derivative: beside other terms, or with a
        second differentiation. In a detector :func:`ap_loss` also reaches the pairs that are
        far apart, and :func:`detection_precision_loss` needs no pairs.

    Raises:
        ValueError: The shapes differ, ``temperature`` is outside its range, or there are more
            than 2**27 pairs.

    References:
        Brown et al., "Smooth-AP: Smoothing the Path Towards Large-Scale Image Retrieval",
        ECCV 2020, Section 4. https://arxiv.org/abs/2007.12163
    """
    rows = candidates(logits, target)
    return 1 - soft_average_precision(rows, rows.positive[:, None], temperature)
