"""What the losses of masks share: masks within [0, 1], and means over pixels."""

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired


def paired_masks(prob: Tensor, target: Tensor, axes: str = "n, p") -> tuple[Tensor, Tensor]:
    """Return both in float32 or wider, numbers outside [0, 1] taken to its nearer end.

    The gradient of what was outside is 0; that at 0 and 1 themselves is kept.

    Raises:
        ValueError: Their shapes differ, or have other axes. Images with height and width would
            otherwise be summed over the width alone, each of their lines a mask of its own.
    """
    prob, target = paired(prob, target, axes)
    return prob.clamp(0.0, 1.0), target.clamp(0.0, 1.0)


def mean_over_pixels(values: Float[Tensor, "n p"]) -> Float[Tensor, "n"]:
    """Return the mean of each row, 0 where it has no pixels."""
    return values.sum(-1) / torch.ones_like(values).sum(-1).clamp(min=1.0)
