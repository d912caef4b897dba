"""Rows of YOLO's text files: class, centre and size relative to the image, confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import Float64, Int64, fault
from boxgauge.formats.text_file import box_number, files_in, read_lines
from boxgauge.frames import ImageId

# What labelImg puts beside the labels.
_NOT_LABELS = "classes.txt"
_KEYS = ("class", "x", "y", "width", "height", "confidence")


@dataclass(frozen=True, slots=True, eq=False)
class YoloRows:
    """The rows of all files, image after image.

    Attributes:
        counts: Rows of each image, int64 [images].
        boxes: Left, top, width, height in pixels, float64 [n, 4].
        labels: Class ids, int64 [n].
        scores: Confidence, float64 [n]; of labels none, [0].
        unlabelled: Images without a file.
    """

    counts: Int64
    boxes: Float64
    labels: Int64
    scores: Float64
    unlabelled: int


def read_rows(
    folder: Path,
    image_ids: Sequence[ImageId],
    sizes: Mapping[ImageId, Size],
    class_ids: frozenset[int],
    *,
    confidence: bool,
) -> YoloRows:
    """Return the rows of the ``.txt`` files of a folder for these images.

    Raises:
        InvalidInputError: A file belongs to no image, or a row is malformed; names file, line,
            field and value.
    """
    files = {each.stem: each for each in files_in(folder, ".txt") if each.name != _NOT_LABELS}
    names = [str(each) for each in image_ids]
    for name in files.keys() - names:
        wanted = f"one of {len(names)} whose size is known"
        raise fault(str(files[name]), "the image", name, wanted)
    parsed = [
        _parse(files[each], class_ids, confidence=confidence) if each in files else []
        for each in names
    ]
    counts = np.array([len(rows) for rows in parsed], dtype=np.int64)
    table = np.array([row for rows in parsed for row in rows], dtype=np.float64)
    columns = table.reshape(-1, 5 + confidence)
    sides = np.array([sizes[each] for each in image_ids], dtype=np.float64).reshape(-1, 2)
    return YoloRows(
        counts,
        to_pixels(columns[:, 1:5], np.repeat(sides, counts, axis=0)),
        columns[:, 0].astype(np.int64),
        columns[:, 5:].reshape(-1),
        len(image_ids) - len(files),
    )


def to_pixels(relative: Float64, sides: Float64) -> Float64:
    """Return left, top, width, height in pixels of centre and size relative to the image."""
    extent = relative[:, 2:] * sides
    return np.concatenate([relative[:, :2] * sides - extent / 2, extent], axis=1)


def to_relative(boxes: Float64, sides: Float64) -> Float64:
    """Return centre and size relative to the image of left, top, width, height in pixels."""
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    return np.concatenate([centre / sides, boxes[:, 2:] / sides], axis=1)


def _parse(path: Path, class_ids: frozenset[int], *, confidence: bool) -> list[list[float]]:
    """Return the numbers of each row of one file, each checked."""
    columns = 5 + confidence
    rows = []
    for line, words in read_lines(path):
        if len(words) != columns:
            wanted = f"{columns} columns: {' '.join(_KEYS[:columns])}"
            raise fault(str(path), f"line {line}", " ".join(words), wanted)
        rows.append(
            [_value(path, line, key, word) for key, word in zip(_KEYS, words, strict=False)]
        )
        label = rows[-1][0]
        if label not in class_ids:
            wanted = f"one of the {len(class_ids)} classes, by number"
            raise fault(str(path), f"line {line}.class", words[0], wanted)
        if not confidence:
            _check_inside(path, line, words, rows[-1])
    return rows


def _value(path: Path, line: int, key: str, word: str) -> float:
    value = box_number(str(path), f"line {line}.{key}", word)
    if value < 0 and key in ("width", "height"):
        raise fault(str(path), f"line {line}.{key}", word, "at least 0")
    return value


def _check_inside(path: Path, line: int, words: list[str], row: list[float]) -> None:
    """Refuse labels in pixels: relative ones lie in the image. Detections may look beyond it."""
    for key, word, value in zip(_KEYS[1:5], words[1:5], row[1:5], strict=True):
        if not 0 <= value <= 1:
            raise fault(str(path), f"line {line}.{key}", word, "in [0, 1], relative to the image")
