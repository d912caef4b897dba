"""Writing Pascal VOC annotation files."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.file_names import named_files
from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import Float64, fault
from boxgauge.formats.text_file import shown
from boxgauge.formats.voc_folder import VocCorners, to_corners
from boxgauge.frames import GroundTruths, ImageId


def write_voc(
    folder: str | PathLike[str],
    ground_truths: GroundTruths,
    classes: Sequence[ObjectClass],
    *,
    sizes: Mapping[ImageId, Size] | None = None,
    corners: VocCorners = "points",
) -> None:
    """Write one annotation file an image, ``<image id>.xml``, in place of any of that name.

    Boxes of whole pixels come back in all bits, read with the same classes and corners; of
    others, right and bottom are rounded sums. ``ignore`` becomes difficult; areas and ids have
    no place in the format.

    Args:
        folder: Made if it is not there.
        ground_truths: What to write.
        classes: The names of its labels.
        sizes: Width and height of the images; those not given are not written.
        corners: As in `read_voc`.

    Raises:
        InvalidInputError: A box is not finite or a crowd, which VOC does not know; a label is
            no class; a class or image has a name that the format cannot hold.
    """
    where = str(folder)
    names = {each.id: each.name for each in classes}
    points = to_corners(ground_truths.boxes, corners)
    _check(where, ground_truths, points, names)
    paths = named_files(Path(folder), ground_truths.image_ids, ".xml")
    Path(folder).mkdir(parents=True, exist_ok=True)
    ends = ground_truths.offsets.tolist()
    for k, (image_id, path) in enumerate(zip(ground_truths.image_ids, paths, strict=True)):
        root = ElementTree.Element("annotation")
        _add(root, "filename", str(image_id))
        if sizes and image_id in sizes:
            size = ElementTree.SubElement(root, "size")
            for key, pixels in zip(("width", "height"), sizes[image_id], strict=True):
                _add(size, key, str(pixels))
        for row in range(ends[k], ends[k + 1]):
            each = ElementTree.SubElement(root, "object")
            _add(each, "name", names[int(ground_truths.labels[row])])
            _add(each, "difficult", str(int(ground_truths.ignore[row])))
            box = ElementTree.SubElement(each, "bndbox")
            for key, value in zip(
                ("xmin", "ymin", "xmax", "ymax"), points[row].tolist(), strict=True
            ):
                _add(box, key, shown(value))
        tree = ElementTree.ElementTree(root)
        ElementTree.indent(tree)
        tree.write(path, encoding="utf-8", xml_declaration=True)


def _check(
    where: str, ground_truths: GroundTruths, points: Float64, names: Mapping[int, str]
) -> None:
    if not np.isfinite(points).all():
        raise fault(where, "boxes", float(points[~np.isfinite(points)][0]), "finite")
    if ground_truths.crowd.any():
        raise fault(where, "crowd", True, "false: VOC has no crowds")
    for name in names.values():
        if name != name.strip() or not name.isprintable():
            raise fault(where, "classes.name", name, "printable, without spaces around it")
    for label in set(ground_truths.labels.tolist()) - names.keys():
        raise fault(where, "labels", label, "the id of a class")


def _add(parent: ElementTree.Element, key: str, text: str) -> None:
    ElementTree.SubElement(parent, key).text = text
