"""Soft recall: how many of the positives are predicted at a threshold."""

import math

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.soft_counts import soft_f_measure


def soft_recall_loss(
    logits: Float[Tensor, "n"],
    target: Float[Tensor, "n"],
    *,
    threshold: float = 0.5,
    temperature: float = 1.0,
    smooth: float = 1.0,
) -> Float[Tensor, "1"]:
    r"""Return one minus the soft recall at a score threshold.

    With :math:`d_i = 1 / (1 + e^{-(x_i - \ln \frac{t}{1-t}) / \tau})`, how far a row counts as
    predicted, and :math:`s` certain true positives added,

    .. math:: recall = \frac{\sum_i d_i y_i + s}{\sum_i y_i + s}

    Args:
        logits: Any finite numbers.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored
            and has zero gradient. Paired with ``logits`` by row.
        threshold: :math:`t`, a probability inside (0, 1).
        temperature: :math:`\tau`, in logits, in [1e-6, 1e6]. At 1 and a threshold of 0.5 a row
            counts by its probability; toward 0 the metric itself comes out, which has no
            gradient.
        smooth: :math:`s`, in rows, at least 1e-16.

    Returns:
        The loss, shape [1], in [0, 1): 0 where all positives are predicted.

    Edges:
        Without positives nothing is missed: 0, with zero gradient. Negatives have zero
        gradient always. Half precision is computed in float32.

    When to use:
        Beside another loss, where misses cost more than false alarms. Never alone: predicting
        everything is its best answer.

    Raises:
        ValueError: The shapes differ or an option is out of range.

    References:
        Eban et al., "Scalable Learning of Non-Decomposable Objectives", AISTATS 2017, for
        recall as an objective; the counts here are sigmoids, not its bounds.
        https://arxiv.org/abs/1608.04802
    """
    recall = soft_f_measure(
        logits, target, beta=math.inf, threshold=threshold, temperature=temperature, smooth=smooth
    )
    return 1 - recall
