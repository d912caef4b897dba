"""What a ground truth of many files comes to: images, classes, boxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boxgauge.formats.classes import ObjectClass
from boxgauge.formats.records import fault
from boxgauge.frames import GroundTruths, ImageId

# Width and height in pixels.
Size = tuple[int, int]

_MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImages:
    """Ground truth, ready to evaluate.

    Attributes:
        file: The folder, as the caller spelled it.
        image_ids: Every image, in the order of reports; all are evaluated.
        classes: Ascending by id.
        frames: One side for each of `image_ids`.
        sizes: Width and height of the images of which they are known.
        notes: What a reader of the numbers should know about the files, in words.
    """

    file: str
    image_ids: tuple[ImageId, ...]
    classes: tuple[ObjectClass, ...]
    frames: GroundTruths
    sizes: Mapping[ImageId, Size] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def number_classes(file: str, names: Sequence[str], *, first: int) -> tuple[ObjectClass, ...]:
    """Return the classes of these names, numbered in their order.

    Raises:
        InvalidInputError: There is none, or a name is empty, too long or there twice.
    """
    if not names:
        raise fault(file, "names", [], "at least one class")
    known: set[str] = set()
    for k, name in enumerate(names):
        if not 0 < len(name.encode()) <= _MAX_NAME_BYTES:
            raise fault(file, f"names[{k}]", name, f"a text of 1 to {_MAX_NAME_BYTES} bytes")
        if name in known:
            raise fault(file, f"names[{k}]", name, "distinct")
        known.add(name)
    return tuple(ObjectClass(first + k, name) for k, name in enumerate(names))
