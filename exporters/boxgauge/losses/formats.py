"""From one way of writing boxes to another, differentiable and exportable."""

from typing import Final, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from boxgauge.losses.boxes import at_least_float32, cxcywh
from boxgauge.losses.signature import BoxFormat

BOX_FORMATS: Final = get_args(BoxFormat)


def convert_boxes(
    boxes: Float[Tensor, "n 4"], given: BoxFormat, wanted: BoxFormat
) -> Float[Tensor, "n 4"]:
    """Return ``boxes`` in another format, as they are if it is the same.

    Args:
        boxes: One a row.
        given: ``"xyxy"``: two corners; ``"cxcywh"``: centre, width and height; ``"xywh"``:
            the upper left corner, width and height, as COCO has it. A negative width or
            height is a box that reaches to the other side.
        wanted: Likewise; of converted boxes, widths and heights are not negative.
    """
    if given == wanted:
        return boxes
    corners = _corners(at_least_float32(boxes), given)
    if wanted == "xyxy":
        return corners
    x, y, width, height = cxcywh(corners).unbind(-1)
    if wanted == "xywh":
        x, y = x - width / 2, y - height / 2
    return torch.stack((x, y, width, height), dim=-1)


def _corners(boxes: Float[Tensor, "n 4"], given: BoxFormat) -> Float[Tensor, "n 4"]:
    if given == "xyxy":
        return boxes
    x, y, width, height = boxes.unbind(-1)
    if given == "cxcywh":
        x, y = x - width / 2, y - height / 2
    return torch.stack((x, y, x + width, y + height), dim=-1)
