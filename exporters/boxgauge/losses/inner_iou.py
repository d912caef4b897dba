"""Inner-IoU loss: the IoU of both boxes shrunk, or grown, about their centres."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import Corners, intersection_over_union
from boxgauge.losses.pairs import paired_corners
from boxgauge.losses.ranges import refuse_outside


def inner_iou_loss(
    pred: Float[Tensor, "n 4"],
    target: Float[Tensor, "n 4"],
    *,
    eps: float = 1e-7,
    ratio: float = 0.75,
) -> Float[Tensor, "n"]:
    r"""Return ``1 - IoU`` of the auxiliary boxes of each pair.

    The auxiliary box has the centre of the box and ``ratio`` times its width and height,

    .. math:: L = 1 - IoU(A_{ratio}, B_{ratio})

    Args:
        pred: Predicted boxes, corner form, pixels; inverted corners are reordered.
        target: True boxes, paired with ``pred`` by row.
        eps: Floor for the union of the auxiliary boxes, in px².
        ratio: Scale of the auxiliary boxes, at least 1e-6; the paper's range is 0.5 to 1.5. 1 gives
            the IoU loss; below 1 the gradient is steeper for pairs that overlap well, above 1
            it reaches pairs that do not touch.

    Returns:
        One loss per pair, in [0, 1]: 0 for equal boxes with area, 1 where the auxiliary boxes
        are apart.

    Edges:
        Without overlap of the auxiliary boxes the gradient is 0; with a ratio below 1 these may
        be apart while the boxes overlap. A pair without area costs 1. Half precision is
        widened to float32.

    When to use:
        With a ratio below 1 to speed up the last pixels, above 1 for small objects. The paper
        adds it to another loss: :math:`L_{Inner\text{-}X} = L_X + IoU - IoU_{inner}`, that is
        ``x_loss + inner_iou_loss - iou_loss``.

    Raises:
        ValueError: ``eps`` is below 1e-16, ``ratio`` is below 1e-6, or the boxes do not pair up
            or are not of shape [n, 4].

    References:
        Zhang et al., "Inner-IoU: More Effective Intersection over Union Loss with Auxiliary
        Bounding Box", 2023, Section 3. https://arxiv.org/abs/2311.02877
    """
    refuse_outside("[1e-6, 1e6]", ratio=ratio)

    a, b = paired_corners(pred, target, eps)
    return 1 - intersection_over_union(_scaled(a, ratio), _scaled(b, ratio), eps)


def _scaled(box: Corners, ratio: float) -> Corners:
    # By how much each side moves outwards: 0 for a ratio of 1, so that it is exact.
    across, down = box.width * ((ratio - 1) / 2), box.height * ((ratio - 1) / 2)
    return Corners(box.x1 - across, box.y1 - down, box.x2 + across, box.y2 + down)
