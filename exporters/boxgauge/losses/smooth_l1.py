"""Smooth L1 loss of boxes in centre form."""

from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.pairs import paired
from boxgauge.losses.ranges import refuse_outside


def smooth_l1_loss(
    pred_cxcywh: Float[Tensor, "n 4"], target_cxcywh: Float[Tensor, "n 4"], *, beta: float = 1.0
) -> Float[Tensor, "n"]:
    r"""Return the Smooth L1 distance of each pair, summed over its four coordinates.

    With :math:`d` the absolute difference of one coordinate,

    .. math::
        L(d) = \begin{cases} d^2 / 2\beta & d < \beta \\ d - \beta / 2 & \text{else} \end{cases}

    Args:
        pred_cxcywh: Predicted boxes of the positives: centre, width, height. Pixels, or
            whatever encoding the detector regresses.
        target_cxcywh: True boxes, paired with ``pred_cxcywh`` by row, in the same unit.
        beta: Difference at which the parabola becomes a line, in that unit, 0 or at least
            1e-6; 0 gives L1.
            The same as ``beta`` of PyTorch and mmdetection, whose default is 1 too;
            torchvision and Detectron take 1/9 for region proposals, Detectron2 0. Caffe's
            ``sigma`` is 1 / sqrt(beta). Huber's ``delta`` is another parameter: that loss is
            this one times its threshold.

    Returns:
        One loss per pair, at least 0, unbounded; in the unit of the boxes. 0 for equal
        boxes. Libraries that average over the coordinates return a quarter of it.

    Edges:
        Overlap plays no part, and neither does area. Slopes are within [-1, 1] at any
        distance, so that huge errors stay finite. Half precision is widened to float32.

    When to use:
        On encoded offsets (Faster R-CNN, SSD), or beside an IoU loss. On plain pixels it
        follows large boxes more than small ones, which the IoU family does not.

    Raises:
        ValueError: ``beta`` is neither 0 nor at least 1e-6, or the boxes do not pair up.

    References:
        Girshick, "Fast R-CNN", ICCV 2015, Eq. 2-3. https://arxiv.org/abs/1504.08083
        (beta = 1 there; beta = 1/9 in later detectors.)
    """
    refuse_outside("0 or [1e-6, 1e6]", beta=beta)

    pred, target = paired(pred_cxcywh, target_cxcywh, "n, 4")
    difference = (pred - target).abs()
    if beta == 0:
        return difference.sum(-1)
    # Both branches at once: with `where`, 0 times the other one's overflow would be NaN.
    near = difference.clamp(max=beta)
    return (near / beta * (difference - near / 2)).sum(-1)
