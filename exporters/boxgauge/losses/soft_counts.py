"""Soft decisions at one score threshold, and the F-measure of what they decide."""

import math

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.candidates import candidates
from boxgauge.losses.ranges import refuse_outside


def soft_f_measure(
    logits: Tensor,
    target: Tensor,
    *,
    beta: float,
    threshold: float,
    temperature: float,
    smooth: float,
) -> Float[Tensor, "1"]:
    """Return the soft F-beta: precision at a beta of 0, recall at one of infinity.

    It is what is found over a weighted mean of what is predicted and what there is to find,
    a form that no beta overflows.

    Args:
        logits: Scores of all rows.
        target: 1 for a positive, 0 for a negative; a row with any other value is ignored.
        beta: How many times as much recall matters as precision.
        threshold: The score, as a probability, from which on a row is predicted.
        temperature: Of the sigmoid that stands for the step, in logits.
        smooth: How many certain true positives are added to the rows.

    Raises:
        ValueError: The shapes differ or an option is out of range.
    """
    refuse_outside("[0, inf]", beta=beta)
    refuse_outside("(0, 1)", threshold=threshold)
    refuse_outside("[1e-6, 1e6]", temperature=temperature)
    refuse_outside("[1e-16, 1e6]", smooth=smooth)

    rows = candidates(logits, target)
    edge = math.log(threshold / (1 - threshold))
    predicted = ((rows.logits - edge) / temperature).sigmoid() * rows.counted

    precision_share = 1 / (1 + beta * beta)
    found = (predicted * rows.positive).sum()
    there = rows.positive.sum()
    wanted = precision_share * predicted.sum() + (1 - precision_share) * there
    return ((found + smooth) / (wanted + smooth)).reshape(1)
