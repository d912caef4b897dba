"""IoU loss: one minus the overlap of a box and its target."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import area, intersection
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
        One loss per pair, in [0, 1]: 0 for equal boxes, 1 for boxes apart (where the
        gradient is 0) and for pairs without area.

    References:
        Yu et al., "UnitBox: An Advanced Object Detection Network", ACM MM 2016,
        Section 3.1. https://arxiv.org/abs/1608.01471
    """
    a, b = paired_corners(pred, target)
    overlap = intersection(a, b)
    union = area(a) + area(b) - overlap
    return 1 - overlap / union.clamp(min=eps)
