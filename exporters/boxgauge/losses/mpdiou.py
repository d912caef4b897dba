"""MPDIoU loss: IoU and the distances of the two pairs of corners."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import at_least_float32, intersection_over_union
from boxgauge.losses.pairs import paired_corners


def mpdiou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    image_size: Float[Tensor, "n 2"],
    *,
    eps: float = 1e-7,
) -> Float[Tensor, "n"]:
    r"""Return ``1 - MPDIoU`` for each pair of boxes.

    With :math:`d_1` the distance of the upper left corners, :math:`d_2` that of the lower right
    ones and :math:`W`, :math:`H` the size of the image,

    .. math:: L = 1 - IoU + \frac{d_1^2}{W^2 + H^2} + \frac{d_2^2}{W^2 + H^2}

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        image_size: Width and height of the image that each pair is in, in the unit of the
            boxes. The paper's :math:`w`, :math:`h`; some forks of YOLO take those of
            the feature map, with boxes in its cells.
        eps: Floor for the union and for :math:`W^2 + H^2`, in px².

    Returns:
        One loss per pair, in [0, 3] for boxes within the image: 0 for equal boxes with area.
        Larger for boxes that reach outside it.

    Edges:
        Boxes apart attract by their corners, the less the larger the image is. Two equal
        points cost 1. An image without size leaves ``eps`` as the denominator: finite, but
        huge. Half precision is widened to float32.

    When to use:
        Where position and both sides should have one simple penalty. The penalty is relative
        to the image, not to the box: for small boxes in a large image it is faint.

    Raises:
        ValueError: ``eps`` is below 1e-16, the boxes do not pair up or are not of shape [n, 4],
            or ``image_size`` is not of shape [n, 2].

    References:
        Ma and Xu, "MPDIoU: A Loss for Efficient and Accurate Bounding Box Regression", 2023,
        Section 3. https://arxiv.org/abs/2307.07662
    """
    a, b = paired_corners(pred, target, eps)
    if image_size.shape != (pred.shape[0], 2):
        raise ValueError(
            f"image_size must be of shape [{pred.shape[0]}, 2], one row a pair:"
            f" got {[*image_size.shape]}"
        )

    width, height = at_least_float32(image_size).unbind(-1)
    scale = (width.square() + height.square()).clamp(min=eps)
    upper_left = (a.x1 - b.x1).square() + (a.y1 - b.y1).square()
    lower_right = (a.x2 - b.x2).square() + (a.y2 - b.y2).square()
    return 1 - intersection_over_union(a, b, eps) + upper_left / scale + lower_right / scale
