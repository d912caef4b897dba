"""Balanced L1 loss of boxes in centre form: more gradient for what is nearly right."""

import math
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def balanced_l1_loss(
    pred_cxcywh: Float[Tensor, "n 4"],
    target_cxcywh: Float[Tensor, "n 4"],
    *,
    alpha: float = 0.5,
    gamma: float = 1.5,
    beta: float = 1.0,
    form: Literal["smooth", "mmdetection"] = "smooth",
) -> Float[Tensor, "n"]:
    r"""Return the balanced L1 loss of each pair, summed over its four coordinates.

    With :math:`d` the absolute difference of one coordinate, and :math:`b` such that
    :math:`\alpha \ln(b + 1) = \gamma`, for :math:`\beta = 1`,

    .. math::
        L(d) = \begin{cases}
        \frac{\alpha}{b} (b d + 1) \ln(b d + 1) - \alpha d & d < 1 \\
        \gamma d + \gamma / b - \alpha & \text{else} \end{cases}

    Its slope is :math:`\alpha \ln(b d + 1)` up to 1, and :math:`\gamma` from there on.

    Args:
        pred_cxcywh: Predicted boxes of the positives: centre, width, height, as the detector
            encodes them.
        target_cxcywh: True boxes, paired with ``pred_cxcywh`` by row, in the same unit.
        alpha: Smaller gives more gradient to small differences, at least 1e-6.
        gamma: Slope for large differences, from ``alpha / 100`` to ``80 * alpha``.
        beta: Difference at which the curve becomes a line, in that unit, at least 1e-6.
        form: What ``beta`` does, where it is not 1. ``"smooth"``: :math:`\beta L(d / \beta)`, with
            one slope on both sides of the knee; ``"mmdetection"``: as that library and the
            authors' code, which scale the logarithm only, so that the slope jumps at the knee,
            and is negative at 0 where ``beta`` is above 1.

    Returns:
        One loss per pair, at least 0 but for rounding, unbounded; in the unit of the boxes. 0
        for equal boxes. Libraries that average over the coordinates return a quarter of it.
        With ``"mmdetection"`` and a ``beta`` above 1 it is negative for small differences.

    Edges:
        Overlap plays no part, and neither does area. With ``"smooth"``, slopes are within
        [-gamma, gamma] at any distance. With ``"mmdetection"`` and a ``beta`` above 1 equal
        boxes are not the minimum: the gradient drives them apart. Half precision is widened to
        float32.

    When to use:
        In place of Smooth L1 in two-stage detectors, where many easy samples should count
        for more beside a few outliers.

    Raises:
        ValueError: ``alpha``, ``beta`` or ``gamma`` is out of range, ``form`` is neither of the
            two, or the boxes do not pair up.

    References:
        Pang et al., "Libra R-CNN: Towards Balanced Learning for Object Detection", CVPR 2019,
        Section 3.3. https://arxiv.org/abs/1904.02701
    """
    refuse_outside("[1e-6, 1e6]", alpha=alpha, beta=beta, gamma=gamma)
    # Above, b is too large for float32; below, the two terms of the curve cancel out.
    if not alpha / 100 <= gamma <= 80 * alpha:
        raise ValueError(f"gamma must be from alpha / 100 to 80 alpha: got {gamma} and {alpha}")
    if form not in ("smooth", "mmdetection"):
        raise ValueError(f'form must be "smooth" or "mmdetection": got {form!r}')

    pred, target = paired(pred_cxcywh, target_cxcywh, "n, 4")
    difference = (pred - target).abs()
    b = math.expm1(gamma / alpha)
    # Both branches at once: with `where`, 0 times the other one's overflow would be NaN.
    near = difference.clamp(max=beta)
    unit = beta if form == "smooth" else 1.0
    curve = alpha * (near + unit / b) * (near / beta * b).log1p() - alpha * near
    return (curve + gamma * (difference - near)).sum(-1)
