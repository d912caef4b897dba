"""GIoU loss: IoU, less the empty part of the hull, so that boxes apart attract."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import area, hull, intersection
from boxgauge.losses.pairs import paired_corners


def giou_loss(
    pred: Float[Tensor, "n 4"], target: Float[Tensor, "n 4"], *, eps: float = 1e-7
) -> Float[Tensor, "n"]:
    r"""Return ``1 - GIoU`` for each pair of boxes.

    With :math:`C` the hull of :math:`A` and :math:`B`,

    .. math:: GIoU = \frac{|A \cap B|}{|A \cup B|} - \frac{|C| - |A \cup B|}{|C|}

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for both denominators, in px²; keeps empty boxes finite.

    Returns:
        One loss per pair, in [0, 2]: 0 for equal boxes with area, 2 in the limit of
        small boxes far apart, 1 where the hull has no area.

    Edges:
        Boxes apart attract by their facing sides, while the far sides are pushed outwards:
        the prediction grows. For a box inside the other the hull adds nothing, and GIoU is
        IoU. Two points on a line that is parallel to an axis span no hull, and cost 1. Half
        precision is widened to float32.

    When to use:
        As the default where predictions may start apart from their targets. It tends to
        grow the box until it touches before it moves it; DIoU moves the centre directly.

    Raises:
        ValueError: ``eps`` is below 1e-16, or the boxes do not pair up or are not of shape
            [n, 4].

    References:
        Rezatofighi et al., "Generalized Intersection over Union", CVPR 2019,
        Algorithm 1. https://arxiv.org/abs/1902.09630
    """
    a, b = paired_corners(pred, target, eps)
    overlap = intersection(a, b)
    union = area(a) + area(b) - overlap
    enclosing = area(hull(a, b))

    iou = overlap / union.clamp(min=eps)
    gap = (enclosing - union) / enclosing.clamp(min=eps)
    return 1 - (iou - gap)
