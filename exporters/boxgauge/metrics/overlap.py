"""COCO's overlap of paired boxes, bit for bit."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def coco_overlap(
    dt: Float[Tensor, "n 4"], gt: Float[Tensor, "n 4"], crowd: Bool[Tensor, " n"]
) -> Float[Tensor, " n"]:
    """Return the IoU of each pair; against a crowd, the share of the detection that it covers.

    Args:
        dt: Detections: left, top, width, height, pixels, float64.
        gt: Ground truths, paired by row.
        crowd: Ground truths that stand for many objects.

    Returns:
        Values in [0, 1], 0 for boxes that only touch or have no area. The order of the
        operations is pycocotools' own, so that equal input gives equal bits.

    References:
        Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014.
    """
    dx, dy, dw, dh = dt.unbind(-1)
    gx, gy, gw, gh = gt.unbind(-1)
    width = torch.minimum(dx + dw, gx + gw) - torch.maximum(dx, gx)
    height = torch.minimum(dy + dh, gy + gh) - torch.maximum(dy, gy)
    touching = (width > 0) & (height > 0)
    overlap = width * height
    dt_area = dw * dh
    union = torch.where(crowd, dt_area, (dt_area + gw * gh) - overlap)
    one = torch.ones_like(union)
    return torch.where(
        touching, overlap / torch.where(touching, union, one), torch.zeros_like(union)
    )
