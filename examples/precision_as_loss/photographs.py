"""Read BCCD's photographs of blood cells: VOC XML by the standard library, JPEG by Pillow."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # the folder is the user's own, not a stranger's

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scene import Scene

CLASSES = ("RBC", "WBC", "Platelets")
SHRINK = 10 / 3  # 640 × 480 photographs become 192 × 144

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


class UnreadableError(ValueError):
    """A file that is missing or not what it should be; the message names it."""


@dataclass(frozen=True)
class Annotation:
    """The boxes of one photograph, corner form in its own pixels, and how many were dropped."""

    boxes: list[tuple[float, float, float, float]]
    labels: list[int]
    without_area: int


def read_split(folder: Path, split: str, *, shrink: float = SHRINK) -> tuple[list[Scene], int]:
    """Return the scenes of an official split, and how many boxes without area it dropped.

    Args:
        folder: Holds ``ImageSets``, ``Annotations`` and ``JPEGImages``, or a folder ``BCCD``
            that does.
        split: ``"train"``, ``"val"`` or ``"test"``.
        shrink: By how much photographs and boxes are made smaller.

    Raises:
        UnreadableError: Names the first file that is missing or not as it should be.
    """
    root = folder / "BCCD" if (folder / "BCCD").is_dir() else folder
    listing = root / "ImageSets" / "Main" / f"{split}.txt"
    names = _text(listing).split()
    if not names:
        raise UnreadableError(f"{listing}: lists no photographs")
    scenes, dropped = [], 0
    for name in names:
        annotation = read_annotation(root / "Annotations" / f"{name}.xml")
        image = read_photograph(root / "JPEGImages" / f"{name}.jpg", shrink=shrink)
        scenes.append(
            Scene(
                image=image,
                boxes=np.array(annotation.boxes, dtype=np.float64).reshape(-1, 4) / shrink,
                labels=np.array(annotation.labels, dtype=np.int64),
                iscrowd=np.zeros(len(annotation.labels), dtype=np.bool_),
            )
        )
        dropped += annotation.without_area
        if image.shape != scenes[0].image.shape:
            raise UnreadableError(
                f"{name}.jpg: photographs must be of one size:"
                f" got {image.shape[:2]} after {scenes[0].image.shape[:2]}"
            )
    return scenes, dropped


def read_annotation(path: Path) -> Annotation:
    """Return the boxes of a VOC file; those without area, which no loss can use, are counted.

    Raises:
        UnreadableError: The file is missing, is no XML, or an object lacks its class or a
            corner, has a class other than BCCD's three, or a corner that is no number.
    """
    try:
        root = ElementTree.fromstring(_text(path))  # noqa: S314  # see the import
    except ElementTree.ParseError as error:
        raise UnreadableError(f"{path}: is not XML: {error}") from error
    boxes, labels, without_area = [], [], 0
    for number, entry in enumerate(root.iter("object")):
        name = entry.findtext("name", "").strip()
        if name not in CLASSES:
            raise UnreadableError(
                f"{path}: object {number} must be one of {', '.join(CLASSES)}: got {name!r}"
            )
        left, top, right, bottom = (
            _number(path, number, key, entry.findtext(f"bndbox/{key}")) for key in _CORNERS
        )
        if right > left and bottom > top:
            boxes.append((left, top, right, bottom))
            labels.append(CLASSES.index(name))
        else:
            without_area += 1
    return Annotation(boxes, labels, without_area)


def read_photograph(path: Path, *, shrink: float = SHRINK) -> NDArray[np.uint8]:
    """Return a photograph's colours, [h, w, 3], made smaller with an area-weighted filter.

    Raises:
        UnreadableError: The file is missing or no picture.
    """
    try:
        with Image.open(path) as picture:
            size = (round(picture.width / shrink), round(picture.height / shrink))
            small = picture.convert("RGB").resize(size, Image.Resampling.BILINEAR)
    except (OSError, SyntaxError) as error:  # Pillow raises the latter for some broken files
        raise UnreadableError(f"{path}: is no readable picture: {error}") from error
    return np.asarray(small, dtype=np.uint8)


def _number(path: Path, number: int, key: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UnreadableError(f"{path}: object {number} must have a number as {key}: got {text!r}")
    return value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
