"""The one place where losses per pair are weighted and reduced."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Reduction = Literal["mean", "sum", "none"]


def reduce(
    loss: Float[Tensor, "..."],
    reduction: Reduction = "mean",
    weight: Float[Tensor, "..."] | None = None,
) -> Float[Tensor, "..."]:
    """Return the mean or the sum of a loss as a tensor of shape [1], or the loss itself.

    Args:
        loss: One value per pair.
        reduction: ``"mean"`` divides the sum by the number of values (not by the sum of
            the weights, as PyTorch's element weights do), at least 1: the mean of
            nothing is 0, where PyTorch's is NaN.
        weight: Factors that broadcast to the shape of ``loss``.

    Raises:
        ValueError: ``reduction`` is none of the three, or ``weight`` would broadcast the loss to
            another shape, as a column of weights does a row of losses.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none": got {reduction!r}')

    weighted = loss if weight is None else loss * weight
    if weighted.shape != loss.shape:
        raise ValueError(
            "weights must broadcast to the shape of the loss:"
            f" got {[*weighted.shape]} of a loss {[*loss.shape]}"
        )
    if reduction == "none":
        return weighted
    total = weighted.sum().reshape(1)
    return total if reduction == "sum" else total / count(loss)


def count(values: Tensor) -> Float[Tensor, "1"]:
    """Return how many values there are, at least 1, as a tensor: a shape may be symbolic."""
    return torch.ones_like(values).sum().clamp(min=1).reshape(1)
