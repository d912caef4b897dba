"""L1 loss of boxes in centre form."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired


def l1_loss(
    pred_cxcywh: Float[Tensor, "n 4"], target_cxcywh: Float[Tensor, "n 4"]
) -> Float[Tensor, "n"]:
    r"""Return the L1 distance of each pair, summed over its four coordinates.

    .. math:: L = \sum_{i = 1}^{4} |p_i - t_i|

    Args:
        pred_cxcywh: Predicted boxes of the positives: centre, width, height. Pixels, or
            whatever encoding the detector regresses.
        target_cxcywh: True boxes, paired with ``pred_cxcywh`` by row, in the same unit.

    Returns:
        One loss per pair, at least 0, unbounded; in the unit of the boxes. 0 for equal boxes.
        PyTorch's ``l1_loss`` averages over the coordinates: a quarter of it.

    Edges:
        Overlap plays no part, and neither does area. The gradient is the sign of the
        difference, 0 where there is none. Half precision is widened to float32.

    When to use:
        On coordinates divided by the image size, beside GIoU, as DETR does. Its gradient does
        not shrink near the target, so that it needs a falling learning rate; Smooth L1 does
        not.

    Raises:
        ValueError: The boxes do not pair up.

    References:
        Carion et al., "End-to-End Object Detection with Transformers", ECCV 2020, Section 3.1.
        https://arxiv.org/abs/2005.12872
    """
    pred, target = paired(pred_cxcywh, target_cxcywh, "n, 4")
    return (pred - target).abs().sum(-1)
