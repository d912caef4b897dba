"""Training pictures with the targets of all their flips, made once before training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from detector import locations
from jaxtyping import Bool, Float, Int64, UInt8
from scene import Scene
from splits import Splits
from targets import assign
from torch import Tensor

# Of rows, of columns, of both: the pictures a flip can make.
_FLIPS: tuple[tuple[int, ...], ...] = ((), (-2,), (-1,), (-2, -1))


@dataclass(frozen=True)
class Lesson:
    """One batch: pictures in [0, 1] and what is asked of every location.

    Attributes:
        images: [b, channels, h, w].
        classes: [b, l, c] in {0, 1}.
        boxes: [b, l, 4] corner form, pixels; meaningful where ``positive``.
        positive: [b, l].
        counted: [b, l]; false where right and wrong are not known.
    """

    images: Float[Tensor, "b channels h w"]
    classes: Float[Tensor, "b l c"]
    boxes: Float[Tensor, "b l 4"]
    positive: Bool[Tensor, "b l"]
    counted: Bool[Tensor, "b l"]


class Lessons:
    """All batches of a training split, shuffled and flipped from a seed."""

    def __init__(self, splits: Splits) -> None:
        self._images = stacked(splits.train)
        self._flips = _FLIPS if splits.mirrored else _FLIPS[:1]
        points, strides = locations(splits.size)
        count = len(splits.classes)
        asked = [
            [
                assign(flipped(scene, flip, splits.size), points, strides, class_count=count)
                for scene in splits.train
            ]
            for flip in self._flips
        ]
        self._classes = torch.stack([torch.stack([t.classes for t in row]) for row in asked])
        self._boxes = torch.stack([torch.stack([t.boxes for t in row]) for row in asked])
        self._positive = torch.stack([torch.stack([t.positive for t in row]) for row in asked])
        self._counted = torch.stack([torch.stack([t.counted for t in row]) for row in asked])

    def steps(self, batch: int) -> int:
        """Return the batches of an epoch: a last one that is not full is dropped."""
        return max(1, len(self._images) // batch)

    def epoch(self, rng: np.random.Generator, batch: int) -> Iterator[Lesson]:
        """Yield an epoch's batches in a new order, every picture flipped or not."""
        order = torch.from_numpy(rng.permutation(len(self._images)))
        flips = torch.from_numpy(rng.integers(len(self._flips), size=len(self._images)))
        for step in range(self.steps(batch)):
            rows = order[step * batch : (step + 1) * batch]
            yield self._lesson(rows, flips[rows])

    def _lesson(self, rows: Int64[Tensor, " b"], flips: Int64[Tensor, " b"]) -> Lesson:
        pictures = [
            self._images[row].flip(self._flips[flip])
            for row, flip in zip(rows.tolist(), flips.tolist(), strict=True)
        ]
        return Lesson(
            as_input(torch.stack(pictures)),
            self._classes[flips, rows],
            self._boxes[flips, rows],
            self._positive[flips, rows],
            self._counted[flips, rows],
        )


def flipped(scene: Scene, flip: tuple[int, ...], size: tuple[int, int]) -> Scene:
    """Return the scene with its boxes, not its picture, where a flip of its axes puts them."""
    left, top, right, bottom = scene.boxes.T
    height, width = size
    if -1 in flip:
        left, right = width - right, width - left
    if -2 in flip:
        top, bottom = height - bottom, height - top
    boxes = np.stack([left, top, right, bottom], 1)
    return Scene(scene.image, boxes, scene.labels, scene.iscrowd)


def stacked(scenes: Sequence[Scene]) -> UInt8[Tensor, "n channels h w"]:
    """Return the pictures of scenes, bytes, channels first."""
    pictures = torch.from_numpy(np.stack([scene.image for scene in scenes]))
    return pictures[:, None] if pictures.ndim == 3 else pictures.permute(0, 3, 1, 2).contiguous()


def as_input(pictures: UInt8[Tensor, "b channels h w"]) -> Float[Tensor, "b channels h w"]:
    """Return bytes as the detector takes them, in the memory order it is fastest with."""
    return (pictures.float() / 255).contiguous(memory_format=torch.channels_last)
