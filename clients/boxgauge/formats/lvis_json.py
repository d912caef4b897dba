"""LVIS ground truth files: COCO's, and what was looked for on each image."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

from boxgauge.formats.coco_ground_truth import CocoGroundTruth, read_ground_truth
from boxgauge.formats.json_file import read_json
from boxgauge.formats.records import Records
from boxgauge.frames import ImageId

Frequency = Literal["r", "c", "f"]

_INT64 = range(-(2**63), 2**63)
_FREQUENCIES: dict[str, Frequency] = {"r": "r", "c": "c", "f": "f"}


@dataclass(frozen=True, slots=True, eq=False)
class LvisGroundTruth:
    """A ground truth file, ready to evaluate.

    Attributes:
        coco: Images, classes and annotations, for whatever takes those of a COCO file.
        frequencies: Rare, common or frequent, of each class id.
        negatives: Class ids known to be absent from each image.
        not_exhaustive: Class ids of which each image may show more than is labelled.
    """

    coco: CocoGroundTruth
    frequencies: dict[int, Frequency]
    negatives: dict[ImageId, frozenset[int]]
    not_exhaustive: dict[ImageId, frozenset[int]]


def read_lvis(path: str | PathLike[str]) -> LvisGroundTruth:
    """Return the images, classes and annotations of an LVIS file; it is read twice.

    Segmentations are not read. Classes that an image lists but the file does not are kept:
    no detection of them is evaluated.

    Raises:
        InvalidInputError: The file cannot be read or holds what it may not; the message names
            file, record, field and value.
    """
    coco = read_ground_truth(path)
    document = read_json(Path(path))
    if not isinstance(document, dict):  # it changed between the two
        raise Records(coco.file, "", []).fault("the file", document, "an object")
    images, categories = (
        Records.check(coco.file, key, document[key]) for key in ("images", "categories")
    )
    ids = images.image_ids("id")
    return LvisGroundTruth(
        coco,
        dict(
            zip(categories.integers("id").tolist(), _frequencies(categories), strict=True),
        ),
        dict(zip(ids, _class_sets(images, "neg_category_ids"), strict=True)),
        dict(zip(ids, _class_sets(images, "not_exhaustive_category_ids"), strict=True)),
    )


def _frequencies(categories: Records) -> list[Frequency]:
    found = []
    for k, value in enumerate(categories.column("frequency")):
        if not isinstance(value, str) or value not in _FREQUENCIES:
            raise categories.fault(f"[{k}].frequency", value, "r, c or f")
        found.append(_FREQUENCIES[value])
    return found


def _class_sets(images: Records, key: str) -> list[frozenset[int]]:
    """Return one set of class ids an image."""
    values = images.column(key)
    for k, value in enumerate(values):
        if not isinstance(value, list):
            raise images.fault(f"[{k}].{key}", value, "a list of category ids")
        for j, each in enumerate(value):
            if type(each) is not int or each not in _INT64:
                raise images.fault(f"[{k}].{key}[{j}]", each, "a category id")
    return [frozenset(value) for value in values]
