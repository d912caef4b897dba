"""Images drawn from their boxes alone, or over the photograph where there is one."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis import ImageErrors

# Longest side of an embedded photograph, px: a page of a dozen stays below a megabyte.
_PHOTO_SIDE = 480


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle; ``kind`` is its class in the style sheet, ``text`` its label."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """One image: a caption, a view box in pixels, rectangles, and a photograph if there is one."""

    caption: str
    width: float
    height: float
    shapes: tuple[Shape, ...]
    photo: str = ""

    @property
    def stroke(self) -> float:
        """Width of a line, in pixels of the image: the same on the page for all images."""
        return max(self.width, self.height) / 160


def draw(
    image: ImageErrors,
    names: Mapping[int, str],
    *,
    size: tuple[float, float] | None = None,
    photo: Path | None = None,
) -> Drawing:
    """Return the drawing of an image.

    Args:
        image: Its boxes and what became of them.
        names: Class names by label.
        size: Width and height of the image; by default as far as boxes reach.
        photo: The image file, if it is to be seen behind the boxes.
    """
    name: Callable[[int], str] = lambda label: names.get(label, str(label))  # noqa: E731
    shapes = [
        _shape(_truth_kind(counted=counted, found=found), box, name(label))
        for box, label, counted, found in zip(
            image.truth_boxes,
            image.truth_labels.tolist(),
            image.counted.tolist(),
            image.found.tolist(),
            strict=True,
        )
    ]
    shapes += [
        _shape("right" if correct else "wrong", box, f"{name(label)} {score:.2f}")
        for box, label, score, correct in zip(
            image.boxes,
            image.labels.tolist(),
            image.scores.tolist(),
            image.correct.tolist(),
            strict=True,
        )
    ]
    width, height = size or _reach(image)
    caption = (
        f"{image.image_id}: {image.false_positives} false positives, {image.false_negatives} missed"
    )
    return Drawing(caption, width, height, tuple(shapes), _embedded(photo) if photo else "")


def _truth_kind(*, counted: bool, found: bool) -> str:
    if not counted:
        return "ignored"
    return "found" if found else "missed"


def _shape(kind: str, box: NDArray[np.float64], text: str) -> Shape:
    x, y, width, height = (round(value, 1) for value in box.tolist())
    return Shape(kind, x, y, width, height, text)


def _reach(image: ImageErrors) -> tuple[float, float]:
    """Return a width and height that hold all boxes, with a margin."""
    boxes = np.concatenate([image.truth_boxes, image.boxes])
    corner = (boxes[:, :2] + boxes[:, 2:]).max(0, initial=1.0)
    width, height = (corner * 1.03).tolist()
    return round(width, 1), round(height, 1)


def _embedded(photo: Path) -> str:
    """Return a photograph, made small, as a data URL.

    Raises:
        OSError: The file is missing or is no image.
    """
    from PIL import Image

    with Image.open(photo) as image:
        image.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
        small = io.BytesIO()
        image.convert("RGB").save(small, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(small.getvalue()).decode()
