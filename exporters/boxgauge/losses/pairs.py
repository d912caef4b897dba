"""Predictions and targets pair up by row: checked here, since torch would broadcast."""

from torch import Tensor

from boxgauge.losses.boxes import Corners, at_least_float32, corners

# With less, float32 gradients of empty boxes in coordinates of 1e6 overflow, and are NaN then.
_LEAST_EPS = 1e-16


def paired(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return both in float32 or wider.

    Raises:
        ValueError: Their shapes differ.
    """
    if pred.shape != target.shape:
        raise ValueError(
            "predictions and targets must pair up:"
            f" got shapes {[*pred.shape]} and {[*target.shape]}"
        )
    return at_least_float32(pred), at_least_float32(target)


def paired_corners(pred: Tensor, target: Tensor, eps: float) -> tuple[Corners, Corners]:
    """Return the sides of paired corner-form boxes, inverted corners put in order.

    Raises:
        ValueError: They do not pair up, or are not [n, 4]; or ``eps``, which the losses take for
            the floor of their denominators, is too small to be one.
    """
    if not eps >= _LEAST_EPS:
        raise ValueError(f"eps must be at least {_LEAST_EPS}: got {eps}")
    a, b = paired(pred, target)
    if a.ndim != 2 or a.shape[1] != 4:
        raise ValueError(f"boxes must be of shape [n, 4]: got {[*a.shape]}")
    return corners(a), corners(b)
