"""What the losses of masks share: masks that pair up, within [0, 1], and means over pixels."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired


def paired_rows(pred: Tensor, target: Tensor, axes: str = "n, p") -> tuple[Tensor, Tensor]:
    """Return both in float32 or wider.

    Raises:
        ValueError: Their shapes differ, or have other axes. Images with height and width would
            otherwise be summed over the width alone, each of their lines a mask of its own.
    """
    pred, target = paired(pred, target)
    if pred.ndim != len(axes.split(", ")):
        raise ValueError(
            f"masks must be of shape [{axes}], their pixels in one axis: got {[*pred.shape]}"
        )
    return pred, target


def paired_masks(prob: Tensor, target: Tensor, axes: str = "n, p") -> tuple[Tensor, Tensor]:
    """Return both in float32 or wider, numbers outside [0, 1] taken to its nearer end.

    The gradient of what was outside is 0; that at 0 and 1 themselves is kept.

    Raises:
        ValueError: Their shapes differ, or have other axes.
    """
    prob, target = paired_rows(prob, target, axes)
    return prob.clamp(0.0, 1.0), target.clamp(0.0, 1.0)


def mean_over_pixels(values: Float[Tensor, "n p"]) -> Float[Tensor, "n"]:
    """Return the mean of each row, 0 where it has no pixels."""
    return values.sum(-1) / torch.ones_like(values).sum(-1).clamp(min=1.0)


def refuse_unless_positive(name: str, value: float) -> None:
    """Raise ValueError unless ``value`` is above 0."""
    if not value > 0:
        raise ValueError(f"{name} must be positive: got {value}")


def refuse_negative(name: str, value: float) -> None:
    """Raise ValueError if ``value`` is below 0 or NaN."""
    if not value >= 0:
        raise ValueError(f"{name} must not be negative: got {value}")
