"""Folders of Pascal VOC annotation files."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.labelled_images import LabelledImages, Size, number_classes
from boxgauge.formats.records import Float64, fault
from boxgauge.formats.text_file import files_in, read_lines
from boxgauge.formats.voc_xml import Corners, VocFile, parse_voc
from boxgauge.frames import GroundTruths, ImageId, check_image_id, image_order

# How corners become boxes: "points" takes them as they stand, "pixels" as the first and last
# pixel, counted from 1.
VocCorners = Literal["points", "pixels"]


def read_voc(
    folder: str | PathLike[str],
    *,
    classes: Sequence[str] | None = None,
    image_set: str | PathLike[str] | None = None,
    corners: VocCorners = "points",
    skip_empty: bool = False,
) -> LabelledImages:
    """Return the images and objects of a folder of annotation files.

    An image is called by the name of its file, without ``.xml``. Difficult objects are marked
    ``ignore``. Equal corners are a box of one pixel to VOC's own IoU, and one without area to
    COCO's: kept, with a note.

    Args:
        folder: Holds one ``.xml`` an image.
        classes: Names in the order of their ids, from 1; by default those found, sorted.
        image_set: A list of images, one a line (``ImageSets/Main/val.txt``); all by default.
        corners: ``points``: left = xmin, width = xmax - xmin, as for `evaluate_voc` with
            inclusive corners. ``pixels``: left = xmin - 1, width = xmax - xmin + 1, the edges
            of pixels that count from 1. Top and height likewise.
        skip_empty: Leave objects out whose xmin is xmax or whose ymin is ymax.

    Raises:
        InvalidInputError: A file cannot be read or holds what it may not; the message names
            file, object, field and value.
    """
    paths = _paths(folder, image_set)
    files = {each.stem: parse_voc(each) for each in paths}
    names = classes
    if names is None:
        names = sorted({each.name for file in files.values() for each in file.objects})
    numbered = number_classes(str(folder), names, first=1)
    _check_names({str(path): files[path.stem] for path in paths}, numbered)

    ids = sorted(files, key=image_order)
    objects = [[*files[each].objects] for each in ids]
    empty = sum(_is_empty(each.corners) for image in objects for each in image)
    if skip_empty:
        objects = [[each for each in image if not _is_empty(each.corners)] for image in objects]
    rows = [each for image in objects for each in image]
    places = {each.name: each.id for each in numbered}
    frames = GroundTruths.from_arrays(
        ids,
        np.array([len(image) for image in objects], dtype=np.int64),
        to_boxes(np.array([each.corners for each in rows], dtype=np.float64), corners),
        np.array([places[each.name] for each in rows], dtype=np.int64),
        ignore=np.array([each.difficult for each in rows], dtype=np.bool_),
    )
    what = "left out" if skip_empty else "kept"
    notes = (f"{empty} boxes of equal corners: {what}",) if empty else ()
    sizes: dict[ImageId, Size] = {each: size for each, file in files.items() if (size := file.size)}
    return LabelledImages(str(folder), frames.image_ids, numbered, frames, sizes, notes)


def to_boxes(corners: Float64, meaning: VocCorners) -> Float64:
    """Return left, top, width, height of left, top, right, bottom as VOC has them."""
    left, top, right, bottom = corners.reshape(-1, 4).T
    pixel = int(meaning == "pixels")
    return np.stack([left - pixel, top - pixel, right - left + pixel, bottom - top + pixel], axis=1)


def to_corners(boxes: Float64, meaning: VocCorners) -> Float64:
    """Return left, top, right, bottom as VOC has them of left, top, width, height."""
    left, top, width, height = boxes.T
    pixel = int(meaning == "pixels")
    return np.stack([left + pixel, top + pixel, left + width, top + height], axis=1)


def _paths(folder: str | PathLike[str], image_set: str | PathLike[str] | None) -> list[Path]:
    """Return the annotation files to read."""
    paths = files_in(folder, ".xml")
    for each in paths:
        check_image_id(each.stem, f"{folder}: {each.name}")
    if image_set is None:
        return paths
    known, listed = {each.stem: each for each in paths}, str(image_set)
    chosen: dict[str, Path] = {}
    for line, (name, *_) in read_lines(Path(image_set)):
        if name not in known:
            raise fault(listed, f"line {line}", name, f"an annotation file of {folder}")
        if name in chosen:
            raise fault(listed, f"line {line}", name, "distinct")
        chosen[name] = known[name]
    return [*chosen.values()]


def _check_names(files: dict[str, VocFile], classes: tuple[ObjectClass, ...]) -> None:
    known = {each.name for each in classes}
    for path, file in files.items():
        for each in file.objects:
            if each.name not in known:
                wanted = f"one of the {len(known)} classes"
                raise fault(path, f"object[{each.place}].name", each.name, wanted)


def _is_empty(corners: Corners) -> bool:
    left, top, right, bottom = corners
    return left == right or top == bottom
