"""Predictions and targets pair up by row: checked here, since torch would broadcast."""

from torch import Tensor

from boxgauge.losses.boxes import Corners, at_least_float32, corners
from boxgauge.losses.ranges import refuse_outside


def paired(pred: Tensor, target: Tensor, axes: str = "...") -> tuple[Tensor, Tensor]:
    """Return both in float32 or wider.

    Args:
        pred: Boxes, logits or masks.
        target: What they should be.
        axes: Those that both must have, ``"n, 4"``: a number is a size, a letter any, and
            ``"..."`` any axes at all. Where a loss is summed over some axes, one too many would
            go unnoticed.

    Raises:
        ValueError: Their shapes differ, or have other axes.
    """
    if pred.shape != target.shape:
        raise ValueError(
            "predictions and targets must pair up:"
            f" got shapes {[*pred.shape]} and {[*target.shape]}"
        )
    if axes != "..." and not _has_axes(pred, axes.split(", ")):
        raise ValueError(f"predictions and targets must be of shape [{axes}]: got {[*pred.shape]}")
    return at_least_float32(pred), at_least_float32(target)


def paired_corners(pred: Tensor, target: Tensor, eps: float) -> tuple[Corners, Corners]:
    """Return the sides of paired corner-form boxes, inverted corners put in order.

    Raises:
        ValueError: They do not pair up, or are not [n, 4]; or ``eps``, which the losses take for
            the floor of their denominators, is too small to be one.
    """
    # With less, float32 gradients of empty boxes in coordinates of 1e6 overflow, and are NaN then.
    refuse_outside("[1e-16, 1e6]", eps=eps)
    a, b = paired(pred, target, "n, 4")
    return corners(a), corners(b)


def _has_axes(tensor: Tensor, axes: list[str]) -> bool:
    # While exporting, a size that is any is a symbol and must not be compared.
    return tensor.ndim == len(axes) and all(
        size == int(axis) for size, axis in zip(tensor.shape, axes, strict=True) if axis.isdecimal()
    )
