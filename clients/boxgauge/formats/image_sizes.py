"""Sizes of images: from their headers, or from a table."""

import csv
import io
from os import PathLike
from pathlib import Path

from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import fault
from boxgauge.formats.text_file import files_in, pixels, read_text
from boxgauge.frames import FailedPreconditionError, ImageId

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

_HEAD = ["image", "width", "height"]
# EXIF's tag 274 says how the camera was held; from 5 on, width and height change places.
_ORIENTATION, _TURNED = 274, range(5, 9)


def read_image_sizes(folder: str | PathLike[str]) -> dict[ImageId, Size]:
    """Return width and height of each image of a folder, by its file's name without ending.

    Headers alone are read. An image that its EXIF orientation turns by a quarter has the size
    that viewers, and the tools that labels are drawn with, show.

    Raises:
        InvalidInputError: It is no folder, or a file is no image; names it.
        FailedPreconditionError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise FailedPreconditionError(
            "sizes of images need Pillow: install BoxGauge with its extra [yolo]", field="Pillow"
        ) from None
    sizes: dict[ImageId, Size] = {}
    for path in files_in(folder, *IMAGE_SUFFIXES):
        try:
            with Image.open(path) as image:
                width, height = image.size
                turned = image.getexif().get(_ORIENTATION) in _TURNED
        # Pillow answers damage with OSError, SyntaxError or ValueError, by format.
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise fault(str(path), "the file", str(error), "an image") from None
        sizes[path.stem] = (height, width) if turned else (width, height)
    return sizes


def read_size_table(path: str | PathLike[str]) -> dict[ImageId, Size]:
    """Return width and height by image from a CSV file with the head ``image,width,height``.

    Raises:
        InvalidInputError: The file cannot be read or holds what it may not; names the line.
    """
    file = str(path)
    (_, head), *rows = _rows(file, read_text(Path(path)))
    if head != _HEAD:
        raise fault(file, "line 1", ",".join(head), ",".join(_HEAD))
    sizes: dict[ImageId, Size] = {}
    for line, row in rows:
        if not row:
            continue
        if len(row) != len(_HEAD) or not row[0]:
            raise fault(file, f"line {line}", ",".join(row), ",".join(_HEAD))
        if row[0] in sizes:
            raise fault(file, f"line {line}.image", row[0], "distinct")
        for key, text in zip(_HEAD[1:], row[1:], strict=True):
            if not pixels(text):
                wanted = "a whole number of pixels, at least 1"
                raise fault(file, f"line {line}.{key}", text, wanted)
        sizes[row[0]] = int(row[1]), int(row[2])
    return sizes


def _rows(file: str, text: str) -> list[tuple[int, list[str]]]:
    """Return the line and the cells of each row; an empty file has one without any."""
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        return [(reader.line_num, row) for row in reader] or [(1, [])]
    except csv.Error as error:
        raise fault(file, f"line {reader.line_num}", str(error), "CSV") from None
