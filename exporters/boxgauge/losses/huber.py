"""Huber loss of boxes in centre form."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def huber_loss(
    pred_cxcywh: Float[Tensor, "n 4"], target_cxcywh: Float[Tensor, "n 4"], *, delta: float = 1.0
) -> Float[Tensor, "n"]:
    r"""Return the Huber loss of each pair, summed over its four coordinates.

    With :math:`d` the absolute difference of one coordinate,

    .. math::
        L(d) = \begin{cases}
        d^2 / 2 & d < \delta \\ \delta (d - \delta / 2) & \text{else} \end{cases}

    Args:
        pred_cxcywh: Predicted boxes of the positives: centre, width, height. Pixels, or
            whatever encoding the detector regresses.
        target_cxcywh: True boxes, paired with ``pred_cxcywh`` by row, in the same unit.
        delta: Difference at which the parabola becomes a line, in that unit, at least 1e-6;
            also the slope of that line. As ``delta`` of PyTorch's ``huber_loss``. Smooth L1 with
            ``beta = delta`` is this divided by it; the two agree at 1.

    Returns:
        One loss per pair, at least 0, unbounded; in the squared unit of the boxes. 0 for equal
        boxes. Libraries that average over the coordinates return a quarter of it.

    Edges:
        Overlap plays no part, and neither does area. Slopes are within [-delta, delta] at any
        distance. Half precision is widened to float32.

    When to use:
        Where the curvature at the target should not depend on the threshold, as in robust
        statistics; in detectors Smooth L1 is usual.

    Raises:
        ValueError: ``delta`` is below 1e-6, or the boxes do not pair up.

    References:
        Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics
        35(1), 1964. https://doi.org/10.1214/aoms/1177703732
    """
    refuse_outside("[1e-6, 1e6]", delta=delta)

    pred, target = paired(pred_cxcywh, target_cxcywh, "n, 4")
    difference = (pred - target).abs()
    # Both branches at once: with `where`, 0 times the other one's overflow would be NaN.
    near = difference.clamp(max=delta)
    return (near * (difference - near / 2)).sum(-1)
