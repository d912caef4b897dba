"""Writing COCO ground truth files."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import fault
from boxgauge.frames import GroundTruths, ImageId


def write_ground_truth(
    path: str | PathLike[str],
    ground_truths: GroundTruths,
    classes: Sequence[ObjectClass],
    *,
    sizes: Mapping[ImageId, Size] | None = None,
) -> None:
    """Write ground truth as a COCO file; every double round-trips.

    `read_ground_truth` gives back the same frames, images in the order of reports.

    Args:
        path: The file; replaced if it is there.
        ground_truths: What to write.
        classes: The names of its labels.
        sizes: Width and height of the images; those not given are not written.

    Raises:
        InvalidInputError: A number is NaN or infinite, which JSON cannot hold; an id is there
            twice; a label is no class.
    """
    file = str(path)
    _check(file, ground_truths, classes)
    images = []
    for image_id in ground_truths.image_ids:
        image: dict[str, Any] = {"id": image_id}
        if sizes and image_id in sizes:
            image["width"], image["height"] = sizes[image_id]
        images.append(image)
    owners = [ground_truths.image_ids[k] for k in ground_truths.image_index.tolist()]
    columns = (getattr(ground_truths, name) for name in ("ids", "labels", "boxes", "areas"))
    annotations: list[dict[str, Any]] = [
        {"id": own, "image_id": owner, "category_id": label, "bbox": box, "area": area}
        for owner, own, label, box, area in zip(
            owners, *(column.tolist() for column in columns), strict=True
        )
    ]
    for each, crowd, ignore in zip(
        annotations, ground_truths.crowd.tolist(), ground_truths.ignore.tolist(), strict=True
    ):
        # pycocotools reads the first everywhere, and overwrites the second.
        each["iscrowd"] = int(crowd)
        if ignore:
            each["ignore"] = 1
    categories = [{"id": each.id, "name": each.name} for each in classes]
    document = {"images": images, "annotations": annotations, "categories": categories}
    Path(path).write_bytes(orjson.dumps(document))


def _check(file: str, ground_truths: GroundTruths, classes: Sequence[ObjectClass]) -> None:
    for name in ("boxes", "areas"):
        column = getattr(ground_truths, name)
        if not np.isfinite(column).all():
            raise fault(file, name, float(column[~np.isfinite(column)][0]), "finite")
    ids, times = np.unique(ground_truths.ids, return_counts=True)
    if (times > 1).any():
        raise fault(file, "ids", int(ids[times > 1][0]), "distinct")
    for label in set(ground_truths.labels.tolist()) - {each.id for each in classes}:
        raise fault(file, "labels", label, "the id of a class")
