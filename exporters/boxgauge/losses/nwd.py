"""NWD loss: boxes as Gaussians, compared by the distance of the distributions."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import squared_centre_distance
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.ranges import refuse_outside


def nwd_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    constant: float = 12.8,
) -> Float[Tensor, "n"]:
    r"""Return one minus the normalised Gaussian Wasserstein distance of each pair of boxes.

    A box is taken as a Gaussian about its centre whose standard deviations are half its sides;
    the Wasserstein distance of two such is

    .. math::
        W_2^2 = (c_x - c_x')^2 + (c_y - c_y')^2
        + \Big(\frac{w - w'}{2}\Big)^2 + \Big(\frac{h - h'}{2}\Big)^2, \quad
        L = 1 - \exp\Big(-\frac{W_2}{C}\Big)

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Squared distance below which it is taken as :math:`W_2^2 / \sqrt{eps}` instead of
            :math:`W_2`, in px²: the root has no slope at 0.
        constant: :math:`C`, in pixels, at least 1e-6: about the size of the objects. 12.8 is the
            mean absolute size in AI-TOD and the default of the authors' code; other data sets
            need another.

    Returns:
        One loss per pair, in [0, 1]: 0 for equal boxes, with area or without; towards 1 for
        boxes many times ``constant`` apart.

    Edges:
        Overlap and area play no part: a point has a distance from a box, and equal points cost
        0. At equal boxes the gradient is 0. Beyond some hundred times ``constant`` the loss is 1
        and the gradient 0 in float32. Half precision is widened to float32.

    When to use:
        For objects of a few pixels, where one pixel of offset ruins the IoU. Not invariant to
        scale, hence not for objects of all sizes at once; there add it to an IoU loss.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``constant`` is below 1e-6, or the boxes do not pair
            up or are not of shape [n, 4].

    References:
        Wang et al., "A Normalized Gaussian Wasserstein Distance for Tiny Object Detection",
        2021, Section 3. https://arxiv.org/abs/2110.13389
    """
    refuse_outside("[1e-6, 1e6]", constant=constant)

    a, b = paired_corners(pred, target, eps)
    sides = (a.width - b.width).square() + (a.height - b.height).square()
    squared = squared_centre_distance(a, b) + sides / 4
    wasserstein = squared / squared.clamp(min=eps).sqrt()
    return 1 - (-wasserstein / constant).exp()
