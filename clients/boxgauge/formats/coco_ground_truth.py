"""COCO ground truth files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.formats.classes import ObjectClass, read_classes
from boxgauge.formats.json_file import read_json
from boxgauge.formats.labelled_images import Size
from boxgauge.formats.pictures import file_names, image_sizes
from boxgauge.formats.records import Float64, Int64, Records, fault
from boxgauge.frames import GroundTruths, ImageId, image_order, sane_numbers, wanted_number

_KEYS = ("images", "annotations", "categories")
_SIDES = ("left", "top", "width", "height")


@dataclass(frozen=True, slots=True, eq=False)
class CocoGroundTruth:
    """A ground truth file, ready to evaluate.

    Attributes:
        file: The file, as the caller spelled it.
        image_ids: Every image of the file, in the order of reports; all are evaluated.
        classes: The categories, ascending by id.
        frames: The annotations of listed categories, one side for each of `image_ids`.
        unlisted: Annotations left out because no category lists their id.
        notes: What a reader of the numbers should know about the file, in words.
        sizes: Width and height of the images of which they are known, pixels.
        file_names: Names of the image files that are known.
    """

    file: str
    image_ids: tuple[ImageId, ...]
    classes: tuple[ObjectClass, ...]
    frames: GroundTruths
    unlisted: int
    notes: tuple[str, ...]
    sizes: Mapping[ImageId, Size] = field(default_factory=dict)
    file_names: Mapping[ImageId, str] = field(default_factory=dict)


def read_ground_truth(path: str | PathLike[str], *, strict: bool = False) -> CocoGroundTruth:
    """Return the images, classes and annotations of a COCO file.

    The order of the annotations within an image is kept, since it breaks ties. `area`
    is taken as written; where it is absent, w·h stands in, with a note. Annotations
    whose category is not listed are never evaluated, by pycocotools neither: they are
    left out and counted.

    Args:
        path: The file.
        strict: Take what pycocotools takes: annotations of images that are not listed
            are left out, negative sizes and areas stay, an id that occurs several
            times evaluates its last annotation once per occurrence.

    Raises:
        InvalidInputError: The file cannot be read or holds what it may not; the
            message names file, record, field and value.
    """
    file = str(path)
    document = _document(file, read_json(Path(path)))
    images, annotations, categories = (Records.check(file, key, document[key]) for key in _KEYS)
    classes, notes = read_classes(categories, strict=strict)
    image_ids = _images(images, strict=strict)

    owner = _owners(annotations, image_ids, strict=strict)
    labels = annotations.integers("category_id")
    listed = np.isin(labels, [each.id for each in classes])
    ids = annotations.integers("id")
    last = _last_of_each_id(annotations, ids, strict=strict)
    rows = last[_ordered(owner, (owner >= 0) & listed)]
    rows = rows[_ordered(owner[rows], (owner[rows] >= 0) & listed[rows])]

    boxes = _boxes(annotations, strict=strict)
    areas, area_notes = _areas(annotations, boxes, strict=strict)
    unlisted = int((~listed).sum())
    if unlisted:
        notes.append(f"{unlisted} annotations left out: their category is not listed")
    stray = int((owner < 0).sum())
    if stray:
        notes.append(f"{stray} annotations left out: their image is not listed")
    frames = GroundTruths(
        image_ids=image_ids,
        counts=np.bincount(owner[rows], minlength=len(image_ids)),
        boxes=boxes[rows],
        labels=labels[rows],
        areas=areas[rows],
        crowd=_flags(annotations, "iscrowd", strict=strict)[rows],
        ignore=_flags(annotations, "ignore", strict=strict)[rows],
        ids=ids[rows],
    )
    named = images.image_ids("id")
    return CocoGroundTruth(
        file,
        image_ids,
        classes,
        frames,
        unlisted,
        tuple(notes + area_notes),
        image_sizes(images, named),
        file_names(images, named),
    )


def _document(file: str, value: object) -> dict[str, Any]:
    if isinstance(value, list):
        raise fault(file, "the file", value, "COCO ground truth (an object), not results (a list)")
    if not isinstance(value, dict):
        raise fault(file, "the file", value, "a COCO object")
    for key in _KEYS:
        if key not in value:
            raise fault(file, key, list(value), "present")
    return value


def _images(images: Records, *, strict: bool) -> tuple[ImageId, ...]:
    ids = images.image_ids("id")
    if not strict and len(set(ids)) != len(ids):
        first: dict[ImageId, int] = {}
        k = next(k for k, each in enumerate(ids) if first.setdefault(each, k) != k)
        raise images.fault(f"[{k}].id", ids[k], "distinct")
    return tuple(sorted(set(ids), key=image_order))


def _owners(annotations: Records, image_ids: tuple[ImageId, ...], *, strict: bool) -> Int64:
    """Return the position of each annotation's image, -1 where it is not listed."""
    positions = {image_id: k for k, image_id in enumerate(image_ids)}
    named = annotations.image_ids("image_id")
    owner = np.array([positions.get(each, -1) for each in named], dtype=np.int64)
    if not strict and (owner < 0).any():
        k = int(np.argmin(owner))
        raise annotations.fault(f"[{k}].image_id", named[k], "an image of the file")
    return owner


def _last_of_each_id(annotations: Records, ids: Int64, *, strict: bool) -> Int64:
    """Return for each annotation the row that pycocotools' index by id would give."""
    last = {each: row for row, each in enumerate(ids.tolist())}
    if len(last) != len(ids) and not strict:
        k = next(k for k, each in enumerate(ids.tolist()) if last[each] != k)
        raise annotations.fault(
            f"[{last[int(ids[k])]}].id", int(ids[k]), "distinct (strict mode takes it)"
        )
    return np.array([last[each] for each in ids.tolist()], dtype=np.int64)


def _ordered(owner: Int64, kept: NDArray[np.bool_]) -> Int64:
    """Return the kept rows by image, the order of the file within each."""
    rows = np.flatnonzero(kept)
    return rows[np.argsort(owner[rows], kind="stable")]


def _boxes(annotations: Records, *, strict: bool) -> Float64:
    boxes = annotations.boxes("bbox")
    check_boxes(annotations, boxes, strict=strict)
    return boxes


def check_boxes(records: Records, boxes: Float64, *, strict: bool) -> None:
    """Refuse boxes of numbers beyond reason, or (not strict) with a negative side.

    Raises:
        InvalidInputError: Names the first such number.
    """
    sane = sane_numbers(boxes, negative_sizes=strict)
    if not sane.all():
        row, side = divmod(int(np.argmin(sane)), 4)
        value = float(boxes[row, side])
        wanted = f"{wanted_number(value)} ({_SIDES[side]})"
        raise records.fault(f"[{row}].bbox[{side}]", value, wanted)


def _areas(annotations: Records, boxes: Float64, *, strict: bool) -> tuple[Float64, list[str]]:
    absent = [k for k, row in enumerate(annotations.rows) if "area" not in row]
    if absent and not strict:
        products = (boxes[:, 2] * boxes[:, 3]).tolist()
        rows = [
            row if "area" in row else {"area": product}
            for row, product in zip(annotations.rows, products, strict=True)
        ]
        areas = Records(annotations.file, annotations.name, rows).numbers("area")
    else:
        areas = annotations.numbers("area")
    finite = np.isfinite(areas)
    sane = finite if strict else finite & (areas >= 0)
    if not sane.all():
        k = int(np.argmin(sane))
        wanted = "at least 0" if finite[k] else "finite"
        raise annotations.fault(f"[{k}].area", float(areas[k]), wanted)
    note = f"{len(absent)} annotations have no area: w·h taken, which pycocotools does not"
    return areas, [note] if absent else []


def _flags(annotations: Records, key: str, *, strict: bool) -> NDArray[np.bool_]:
    """Return a column of 0 and 1, absent ones 0."""
    values = [row.get(key, 0) for row in annotations.rows]
    kinds = set(map(type, values))
    k = None
    if not kinds <= {int, bool}:
        k = next(k for k, value in enumerate(values) if not isinstance(value, int))
    elif not strict and not set(values) <= {0, 1}:
        k = next(k for k, value in enumerate(values) if value not in (0, 1))
    if k is not None:
        raise annotations.fault(f"[{k}].{key}", values[k], "0 or 1")
    return np.array([bool(value) for value in values], dtype=np.bool_)
