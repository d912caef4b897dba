"""Say what each location of the detector should predict in a scene."""

from dataclasses import dataclass

import torch
from detector import CLASS_COUNT, STRIDES
from jaxtyping import Bool, Float, Int64
from scene import Scene
from torch import Tensor

# A grid takes boxes whose longer side is at most this many strides; the coarsest the rest.
_LONGEST_STRIDES = 5
# Locations this near to a digit's centre, along both axes, answer for it.
_REACH_STRIDES = 1.5


@dataclass(frozen=True)
class Targets:
    """What a scene asks of its ``l`` locations.

    Attributes:
        classes: [l, c] in {0, 1}; all 0 is background.
        boxes: [l, 4] corner form, pixels; meaningful where ``positive``.
        positive: [l]; the location answers for a digit.
        counted: [l]; false inside a heap, where right and wrong are not known.
    """

    classes: Float[Tensor, "l c"]
    boxes: Float[Tensor, "l 4"]
    positive: Bool[Tensor, "l"]
    counted: Bool[Tensor, "l"]


def assign(
    scene: Scene,
    points: Float[Tensor, "l 2"],
    strides: Float[Tensor, "l 1"],
    *,
    class_count: int = CLASS_COUNT,
) -> Targets:
    """Return the targets: a digit goes to the nine locations around its centre.

    The stride is chosen by the box's longer side; where two digits want one location the
    smaller has it.
    """
    boxes = torch.from_numpy(scene.boxes).float()
    crowd = torch.from_numpy(scene.iscrowd)
    digits, heaps = boxes[~crowd], boxes[crowd]
    labels = torch.from_numpy(scene.labels)[~crowd]

    wanted = _wanted(digits, points, strides)
    sides = digits[:, 2:] - digits[:, :2]
    area = torch.where(wanted, sides.prod(-1), float("inf"))
    positive = wanted.any(1)
    classes = torch.zeros(len(points), class_count)
    target_boxes = torch.zeros(len(points), 4)
    if len(digits):
        owner: Int64[Tensor, " l"] = area.argmin(1)
        classes[positive, labels[owner[positive]]] = 1.0
        target_boxes[positive] = digits[owner[positive]]

    inside = ((points[:, None] >= heaps[:, :2]) & (points[:, None] <= heaps[:, 2:])).all(-1)
    return Targets(classes, target_boxes, positive, positive | ~inside.any(1))


def _wanted(
    boxes: Float[Tensor, "n 4"], points: Float[Tensor, "l 2"], strides: Float[Tensor, "l 1"]
) -> Bool[Tensor, "l n"]:
    longest = (boxes[:, 2:] - boxes[:, :2]).amax(-1)
    taken = torch.full_like(longest, STRIDES[-1])
    for stride in reversed(STRIDES[:-1]):
        taken = torch.where(longest <= _LONGEST_STRIDES * stride, stride, taken)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    near = ((points[:, None] - centre).abs() < _REACH_STRIDES * strides[:, None]).all(-1)
    return near & (strides == taken)
