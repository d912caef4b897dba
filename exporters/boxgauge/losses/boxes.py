"""Geometry of axis-aligned boxes, shared by the losses of the IoU family."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Corners(NamedTuple):
    """The four sides of each box, ``x1 <= x2`` and ``y1 <= y2``, in pixels."""

    x1: Float[Tensor, "n"]
    y1: Float[Tensor, "n"]
    x2: Float[Tensor, "n"]
    y2: Float[Tensor, "n"]


def corners(boxes: Float[Tensor, "n 4"]) -> Corners:
    """Return the sides of corner-form boxes, inverted corners put in order.

    Half-precision boxes become float32: the area of a 400 × 400 box overflows float16.
    """
    # One unbind: the gradient of `boxes[..., 0]` would export as ScatterElements.
    x1, y1, x2, y2 = at_least_float32(boxes).unbind(-1)
    return Corners(
        torch.minimum(x1, x2), torch.minimum(y1, y2), torch.maximum(x1, x2), torch.maximum(y1, y2)
    )


def area(box: Corners) -> Float[Tensor, "n"]:
    """Return the area of each box, px²."""
    return (box.x2 - box.x1) * (box.y2 - box.y1)


def intersection(a: Corners, b: Corners) -> Float[Tensor, "n"]:
    """Return the area each pair has in common, px²; 0 where the boxes are apart."""
    width = torch.minimum(a.x2, b.x2) - torch.maximum(a.x1, b.x1)
    height = torch.minimum(a.y2, b.y2) - torch.maximum(a.y1, b.y1)
    return width.clamp(min=0) * height.clamp(min=0)


def hull(a: Corners, b: Corners) -> Corners:
    """Return the smallest box around each pair."""
    return Corners(
        torch.minimum(a.x1, b.x1),
        torch.minimum(a.y1, b.y1),
        torch.maximum(a.x2, b.x2),
        torch.maximum(a.y2, b.y2),
    )


def cxcywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Return corner-form boxes as centre, width and height, inverted corners put in order."""
    box = corners(boxes)
    return torch.stack(
        ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.x2 - box.x1, box.y2 - box.y1), dim=-1
    )


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return ``tensor`` in float32, or unchanged where it is wider."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
