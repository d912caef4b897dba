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
    """Yield pairs that are equal, empty, flat, inverted, far apart, huge or tiny."""
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
    yield boxes * 1e-32, boxes.flip(0) * 1e-32
    yield empty * 1e4, empty.flip(0) * -1e4
    flat = torch.cat((corner, boxes[:, 2:3], corner[:, 1:]), dim=-1)
    yield flat, boxes
    yield boxes, flat


def boxes_in_images(n: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return predicted and true boxes, and the width and height of the image of each."""
    image_size = 320 + torch.rand(n, 2, generator=generator) * 960
    return *box_pairs(n, generator), image_size


def extreme_boxes_in_images(generator: Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield extreme pairs in ordinary images, and ordinary pairs in extreme ones."""
    for pred, target in extreme_box_pairs(generator):
        yield pred, target, torch.full((len(pred), 2), 640.0)
    pred, target, image_size = boxes_in_images(8, generator)
    for scale in (0.0, -1.0, 1e-30, 1e3):
        yield pred, target, image_size * scale


def boxes_and_mean(n: int, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return predicted and true boxes, and a running mean of the IoU loss."""
    mean_iou_loss = 0.1 + 0.9 * torch.rand(1, generator=generator)
    return *box_pairs(n, generator), mean_iou_loss


def extreme_boxes_and_means(generator: Generator) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield extreme pairs, and ordinary ones, or none, with the least and greatest means."""
    for pred, target in extreme_box_pairs(generator):
        yield pred, target, torch.full((1,), 0.3)
    for n in (0, 8):
        for mean in (0.0, 1e-30, 1.0):
            yield *box_pairs(n, generator), torch.full((1,), mean)
    boxes, _ = box_pairs(8, generator)
    yield boxes, boxes, torch.zeros(1)


def centre_pairs(n: int, generator: Generator) -> Pair:
    """Return predicted and true boxes as centre, width and height."""
    target = torch.rand(n, 4, generator=generator) * 200
    return target + torch.randn(n, 4, generator=generator) * 3, target


def extreme_centre_pairs(generator: Generator) -> Iterator[Pair]:
    """Yield pairs that are equal, exactly 1 apart (where the form changes), close, or huge."""
    boxes, _ = centre_pairs(8, generator)
    yield boxes, boxes
    yield boxes.round() + 1, boxes.round()
    yield boxes * 1e-6, boxes * -1e-6
    yield boxes + 1e6, boxes - 1e6
