"""Folders of YOLO's text files: labels, detections."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.file_names import named_files
from boxgauge.formats.labelled_images import LabelledImages, Size
from boxgauge.formats.records import fault
from boxgauge.formats.text_file import shown
from boxgauge.formats.yolo_rows import read_rows, to_relative
from boxgauge.frames import GroundTruths, ImageId, Predictions, check_image_ids, image_order


def read_yolo(
    folder: str | PathLike[str], classes: Sequence[ObjectClass], sizes: Mapping[ImageId, Size]
) -> LabelledImages:
    """Return the images and labels of a folder of YOLO's text files.

    A row is ``class x y width height``: the number of a class, then centre and size relative
    to the image. An image is called by the name of its file without ``.txt``; one without a
    file shows nothing. Rows that are there twice are two objects.

    Args:
        folder: Holds one ``.txt`` an image; ``classes.txt`` is not read.
        classes: By the numbers of the rows: see `read_class_names`.
        sizes: Of every image to be evaluated: see `read_image_sizes`, `read_size_table`.

    Raises:
        InvalidInputError: A file cannot be read, belongs to no image of a known size, or holds
            what it may not; the message names file, line, field and value.
    """
    ids = sorted(check_image_ids(sizes, f"{folder}: sizes"), key=image_order)
    class_ids = frozenset(each.id for each in classes)
    rows = read_rows(Path(folder), ids, sizes, class_ids, confidence=False)
    frames = GroundTruths.from_arrays(ids, rows.counts, rows.boxes, rows.labels)
    note = f"{rows.unlabelled} images have no label file: taken to show nothing"
    ordered = tuple(sorted(classes, key=lambda each: each.id))
    notes = (note,) if rows.unlabelled else ()
    return LabelledImages(str(folder), frames.image_ids, ordered, frames, dict(sizes), notes)


def read_yolo_detections(
    folder: str | PathLike[str], ground_truth: LabelledImages
) -> tuple[Predictions, tuple[str, ...]]:
    """Return one side for each image of the ground truth, and notes in words.

    A row is ``class x y width height confidence``, as Ultralytics saves it with ``save_conf``.
    An image without a file has no detections.

    Args:
        folder: Holds one ``.txt`` an image.
        ground_truth: What it answers; gives the sizes, all of which must be known.

    Raises:
        InvalidInputError: A file cannot be read, belongs to no image, or holds what it may
            not; the message names file, line, field and value.
    """
    ids, sizes = ground_truth.image_ids, ground_truth.sizes
    for each in ids:
        if each not in sizes:
            raise fault(ground_truth.file, "sizes", each, "known for every image")
    class_ids = frozenset(each.id for each in ground_truth.classes)
    rows = read_rows(Path(folder), ids, sizes, class_ids, confidence=True)
    predictions = Predictions.from_arrays(ids, rows.counts, rows.boxes, rows.labels, rows.scores)
    note = f"{rows.unlabelled} images have no detection file: no detections there"
    return predictions, (note,) if rows.unlabelled else ()


def write_yolo(
    folder: str | PathLike[str],
    frames: GroundTruths | Predictions,
    sizes: Mapping[ImageId, Size],
) -> None:
    """Write one text file an image, ``<image id>.txt``; predictions with their confidence.

    Labels are written as they are, confidences without losing a bit; a box comes back within
    rounding, since pixels are divided by the image's size.

    Args:
        folder: Made if it is not there.
        frames: What to write.
        sizes: Width and height of every image.

    Raises:
        InvalidInputError: A size is missing; a box is not finite, or a crowd or ignored, which
            YOLO does not know; an image id is no file's name.
    """
    where = str(folder)
    if isinstance(frames, GroundTruths) and (frames.crowd | frames.ignore).any():
        raise fault(where, "crowd or ignore", True, "false: YOLO has neither")
    for each in frames.image_ids:
        if each not in sizes:
            raise fault(where, "sizes", each, "known for every image")
    sides = np.array([sizes[each] for each in frames.image_ids], dtype=np.float64).reshape(-1, 2)
    columns = [to_relative(frames.boxes, sides[frames.image_index])]
    if isinstance(frames, Predictions):
        columns.append(frames.scores[:, None])
    table = np.concatenate(columns, axis=1)
    if not np.isfinite(table).all():
        raise fault(where, "boxes or scores", float(table[~np.isfinite(table)][0]), "finite")
    lines = [
        f"{label} {' '.join(map(shown, row))}\n"
        for label, row in zip(frames.labels.tolist(), table.tolist(), strict=True)
    ]
    paths = named_files(Path(folder), frames.image_ids, ".txt")
    Path(folder).mkdir(parents=True, exist_ok=True)
    ends = frames.offsets.tolist()
    for k, path in enumerate(paths):
        path.write_text("".join(lines[ends[k] : ends[k + 1]]), encoding="utf-8")
