"""Geometry of axis-aligned boxes, shared by the losses of the IoU family."""

import math
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

BoxFormat = Literal["xyxy", "xywh", "cxcywh"]


class Corners(NamedTuple):
    """The four sides of each box, ``x1 <= x2`` and ``y1 <= y2``, in pixels."""

    x1: Float[Tensor, "n"]
    y1: Float[Tensor, "n"]
    x2: Float[Tensor, "n"]
    y2: Float[Tensor, "n"]

    @property
    def width(self) -> Float[Tensor, "n"]:
        """Return the extent of each box along x."""
        return self.x2 - self.x1

    @property
    def height(self) -> Float[Tensor, "n"]:
        """Return the extent of each box along y."""
        return self.y2 - self.y1


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
    return box.width * box.height


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


def intersection_over_union(a: Corners, b: Corners, eps: float) -> Float[Tensor, "n"]:
    """Return the IoU of each pair; ``eps`` is the floor of the union, px²."""
    overlap = intersection(a, b)
    union = area(a) + area(b) - overlap
    return overlap / union.clamp(min=eps)


class Offset(NamedTuple):
    """How far the first centre of each pair is from the second, in pixels."""

    x: Float[Tensor, "n"]
    y: Float[Tensor, "n"]


def centre_offset(a: Corners, b: Corners) -> Offset:
    """Return the way from the centre of ``b`` to that of ``a``."""
    return Offset((a.x1 + a.x2 - b.x1 - b.x2) / 2, (a.y1 + a.y2 - b.y1 - b.y2) / 2)


def squared_centre_distance(a: Corners, b: Corners) -> Float[Tensor, "n"]:
    """Return the squared distance of the centres of each pair, px²."""
    offset = centre_offset(a, b)
    return offset.x.square() + offset.y.square()


def squared_diagonal(box: Corners) -> Float[Tensor, "n"]:
    """Return the squared diagonal of each box, px²."""
    return box.width.square() + box.height.square()


def distance_term(a: Corners, b: Corners, eps: float) -> Float[Tensor, "n"]:
    """Return DIoU's penalty, in [0, 1]: squared centre distance by squared hull diagonal.

    ``eps`` is the floor of the latter, px².
    """
    return squared_centre_distance(a, b) / squared_diagonal(hull(a, b)).clamp(min=eps)


def shape_term(a: Corners, b: Corners, eps: float) -> Float[Tensor, "n"]:
    """Return CIoU's v, in [0, 1]: how far the angles of the diagonals are apart.

    ``eps`` is the floor of the heights, px.
    """
    return 4 / math.pi**2 * (_angle(b, eps) - _angle(a, eps)).square()


def _angle(box: Corners, eps: float) -> Float[Tensor, "n"]:
    # Not atan2: its gradient at an empty box is NaN.
    return (box.width / box.height.clamp(min=eps)).atan()


def to_corners(boxes: Float[Tensor, "*rows 4"], box_format: BoxFormat) -> Float[Tensor, "*rows 4"]:
    """Return boxes of a named format in corner form, which every loss of the IoU family takes.

    Args:
        boxes: Four numbers a box.
        box_format: What they are. ``"xyxy"``: two opposite corners (Pascal VOC, torchvision);
            ``"xywh"``: the corner with the least x and y, width and height (COCO);
            ``"cxcywh"``: centre, width and height (YOLO).

    Returns:
        The corners in float32 or wider, differentiable. A negative width or height gives
        corners in the wrong order, which the losses put right: its sign is ignored for
        ``"cxcywh"``, and for ``"xywh"`` the box extends to the other side.

    Raises:
        ValueError: ``box_format`` is none of the three, or there are not four numbers a box.
    """
    if boxes.shape[-1:] != (4,):
        raise ValueError(f"boxes must have four numbers each: got shape {[*boxes.shape]}")
    boxes = at_least_float32(boxes)
    match box_format:
        case "xyxy":
            return boxes
        case "xywh":
            x, y, width, height = boxes.unbind(-1)
            return torch.stack((x, y, x + width, y + height), dim=-1)
        case "cxcywh":
            x, y, width, height = boxes.unbind(-1)
            half_width, half_height = width / 2, height / 2
            return torch.stack(
                (x - half_width, y - half_height, x + half_width, y + half_height), dim=-1
            )
        case _:
            raise ValueError(f'box_format must be "xyxy", "xywh" or "cxcywh": got {box_format!r}')


def cxcywh(boxes: Float[Tensor, "n 4"]) -> Float[Tensor, "n 4"]:
    """Return corner-form boxes as centre, width and height, inverted corners put in order."""
    box = corners(boxes)
    return torch.stack(
        ((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height), dim=-1
    )


def at_least_float32(tensor: Tensor) -> Tensor:
    """Return ``tensor`` in float32, or unchanged where it is wider."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
