"""IoU loss: one minus the overlap of a box and its target."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import intersection_over_union
from boxgauge.losses.pairs import paired_corners


def iou_loss(
    pred: Float[Tensor, "n 4"], target: Float[Tensor, "n 4"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return ``1 - IoU`` for each pair of boxes.

    .. math:: IoU = \frac{|A \cap B|}{|A \cup B|}

    This is the linear form of today's detectors; the cited paper minimises
    :math:`-\ln IoU`, which has no finite value for boxes apart.

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union, in px²; keeps empty boxes finite.

    Returns:
        One loss per pair, in [0, 1]: 0 for equal boxes with area, 1 for boxes apart and
        for pairs without area.

    Edges:
        Without overlap the gradient is 0, however far the boxes are apart: nothing draws
        them together. A pair without area, equal or not, costs 1. Half precision is
        widened to float32 first, as the area of a 400 × 400 box overflows float16.

    When to use:
        As the measure that the others extend, and where every prediction overlaps its
        target already. To train a detector from scratch, take GIoU, DIoU or CIoU.

    Raises:
        ValueError: ``eps`` is below 1e-16, or the boxes do not pair up or are not of shape
            [n, 4].

    References:
        Yu et al., "UnitBox: An Advanced Object Detection Network", ACM MM 2016,
        Section 3.1. https://arxiv.org/abs/1608.01471
    """
    a, b = paired_corners(pred, target, eps)
    return 1 - intersection_over_union(a, b, eps)
