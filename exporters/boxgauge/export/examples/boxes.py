"""Random and extreme pairs of boxes."""

from collections.abc import Iterator

import torch
from torch import Generator, Tensor

Pair = tuple[Tensor, Tensor]


def box_pairs(n: int, generator: Generator) -> Pair:
    """Return predicted and true boxes of an image, most of them overlapping."""
    origin = torch.rand(n, 2, generator=generator) * 400
    target = torch.cat((origin, origin + 1 + torch.rand(n, 2, generator=generator) * 200), dim=-1)
    return target + torch.randn(n, 4, generator=generator) * 20, target


def extreme_box_pairs(generator: Generator) -> Iterator[Pair]:
    """Yield pairs that are equal, empty, inverted, far apart, huge or tiny."""
    boxes, _ = box_pairs(8, generator)
    yield boxes, boxes
    corner = boxes[:, :2]
    empty = torch.cat((corner, corner), dim=-1)
    yield empty, empty
    yield empty, boxes
    yield boxes.flip(-1), boxes
    yield boxes - 1e6, boxes + 1e6
    yield boxes * 2500, boxes * -2500
    yield boxes * 1e-4, boxes * 1e-4 + 1e-5


def centre_pairs(n: int, generator: Generator) -> Pair:
    """Return predicted and true boxes as centre, width and height."""
    target = torch.rand(n, 4, generator=generator) * 200
    return target + torch.randn(n, 4, generator=generator) * 3, target


def extreme_centre_pairs(generator: Generator) -> Iterator[Pair]:
    """Yield pairs that are equal, exactly 1 apart (where Smooth L1 changes form), or huge."""
    boxes, _ = centre_pairs(8, generator)
    yield boxes, boxes
    yield boxes.round() + 1, boxes.round()
    yield boxes + 1e6, boxes - 1e6
