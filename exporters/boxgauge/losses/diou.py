"""DIoU loss: IoU and the distance of the centres."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import distance_term, intersection_over_union
from boxgauge.losses.pairs import paired_corners


def diou_loss(
    pred: Float[Tensor, "n 4"], target: Float[Tensor, "n 4"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return ``1 - DIoU`` for each pair of boxes.

    With :math:`\rho` the distance of the centres and :math:`c` the diagonal of the hull,

    .. math:: L = 1 - IoU + \frac{\rho^2}{c^2}

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union and for :math:`c^2`, in px²; keeps empty boxes finite.
            torchvision and others add it to the denominators instead, which for boxes of
            1 px² and more makes a difference of less than it.

    Returns:
        One loss per pair, in [0, 2]: 0 for equal boxes with area, 2 for two points apart.

    Edges:
        Boxes apart attract by their centres. A box inside the other, their centres
        together, costs as much as IoU says. Two equal points cost 1. Half precision is
        widened to float32.

    When to use:
        In place of GIoU where boxes often start apart or nested: the centre moves at once.
        Where shapes converge too slowly, CIoU and EIoU add a term for them.

    Raises:
        ValueError: ``eps`` is below 1e-16, or the boxes do not pair up or are not of shape
            [n, 4].

    References:
        Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box
        Regression", AAAI 2020, Eq. 6-7. https://arxiv.org/abs/1911.08287
    """
    a, b = paired_corners(pred, target, eps)
    return 1 - intersection_over_union(a, b, eps) + distance_term(a, b, eps)
