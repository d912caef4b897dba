"""Result files of the Pascal VOC devkit: one text file a class, one detection a line."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import numpy as np

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.labelled_images import LabelledImages
from boxgauge.formats.records import fault
from boxgauge.formats.text_file import box_number, files_in, read_lines
from boxgauge.formats.voc_folder import VocCorners, to_boxes
from boxgauge.frames import ImageId, Predictions

_KEYS = ("confidence", "left", "top", "right", "bottom")


def read_voc_detections(
    folder: str | PathLike[str], ground_truth: LabelledImages, *, corners: VocCorners = "points"
) -> tuple[Predictions, tuple[str, ...]]:
    """Return one side for each image of the ground truth, and notes in words.

    A file is called by its class, after anything and an underscore
    (``comp4_det_test_dog.txt``); a row is ``image confidence left top right bottom``. Within an
    image, classes follow one another by id, and rows keep their order.

    Args:
        folder: Holds the ``.txt`` files.
        ground_truth: What it answers.
        corners: As in `read_voc`.

    Raises:
        InvalidInputError: A file cannot be read, belongs to no class or to one that has another,
            or holds what it may not; the message names file, line, field and value.
    """
    files = _by_class(str(folder), files_in(folder, ".txt"), ground_truth.classes)
    owners = {str(each): k for k, each in enumerate(ground_truth.image_ids)}
    rows = [
        (owner, class_id, *numbers)
        for class_id, path in sorted(files.items())
        for owner, numbers in _rows(path, owners)
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 7)
    table = table[np.argsort(table[:, 0], kind="stable")]
    ids: tuple[ImageId, ...] = ground_truth.image_ids
    predictions = Predictions.from_arrays(
        ids,
        np.bincount(table[:, 0].astype(np.int64), minlength=len(ids)),
        to_boxes(table[:, 3:], corners),
        table[:, 1].astype(np.int64),
        table[:, 2],
    )
    missing = len(ground_truth.classes) - len(files)
    note = f"{missing} classes have no result file: no detections of them"
    return predictions, (note,) if missing else ()


def _by_class(
    folder: str, paths: Iterable[Path], classes: tuple[ObjectClass, ...]
) -> dict[int, Path]:
    """Return the file of each class that has one; of several names that fit, the longest."""
    files: dict[int, Path] = {}
    for path in paths:
        fitting = [each for each in classes if f"_{path.stem}".endswith(f"_{each.name}")]
        if not fitting:
            raise fault(folder, path.name, path.stem, f"of one of the {len(classes)} classes")
        own = max(fitting, key=lambda each: len(each.name))
        if own.id in files:
            raise fault(folder, path.name, files[own.id].name, f"the only file of {own.name}")
        files[own.id] = path
    return files


def _rows(path: Path, owners: dict[str, int]) -> Iterable[tuple[int, list[float]]]:
    """Yield the image and the five numbers of each line."""
    for line, words in read_lines(path):
        if len(words) != 1 + len(_KEYS):
            wanted = f"6 columns: image {' '.join(_KEYS)}"
            raise fault(str(path), f"line {line}", " ".join(words), wanted)
        if words[0] not in owners:
            raise fault(str(path), f"line {line}.image", words[0], "an image of the ground truth")
        numbers = [
            box_number(str(path), f"line {line}.{key}", word)
            for key, word in zip(_KEYS, words[1:], strict=True)
        ]
        _, left, top, right, bottom = numbers
        for low, high, key in ((left, right, "right"), (top, bottom, "bottom")):
            if high < low:
                raise fault(str(path), f"line {line}.{key}", high, f"at least {low}")
        yield owners[words[0]], numbers
