"""Class labels pair up with rows of logits: checked here, and turned into rows of 0 and 1."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from boxgauge.losses.boxes import at_least_float32


def labelled(
    logits: Float[Tensor, "n k"], labels: Int[Tensor, "n"]
) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n k"]]:
    """Return the logits in float32 or wider, and for each row a 1 at its label.

    A label outside ``[0, k)`` gives a row of zeros: a graph cannot raise on a value.

    Raises:
        TypeError: The labels are no integers.
        ValueError: They are not [n, k] and [n].
    """
    if labels.is_floating_point():
        raise TypeError(f"labels must be integers, one class a row: got {labels.dtype}")
    if logits.ndim != 2 or labels.ndim != 1 or logits.shape[0] != labels.shape[0]:
        raise ValueError(
            "logits must be [n, k] and labels [n]:"
            f" got shapes {[*logits.shape]} and {[*labels.shape]}"
        )
    wide = at_least_float32(logits)
    classes = torch.arange(logits.shape[1], device=logits.device)
    return wide, (labels.unsqueeze(-1) == classes).to(wide.dtype)
