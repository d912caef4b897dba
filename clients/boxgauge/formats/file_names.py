"""Image ids as names of files."""

from collections.abc import Iterable
from pathlib import Path

from boxgauge.formats.records import fault
from boxgauge.frames import ImageId


def named_files(folder: Path, image_ids: Iterable[ImageId], suffix: str) -> list[Path]:
    """Return the file of each image in a folder.

    Raises:
        InvalidInputError: An id would lead out of the folder, or to the file of another.
    """
    paths: dict[Path, ImageId] = {}
    for each in image_ids:
        name = str(each)
        if name in (".", "..") or not {"/", "\\", "\0"}.isdisjoint(name):
            raise fault(str(folder), "image_id", each, "a file's name")
        path = folder / f"{name}{suffix}"
        if path in paths:
            raise fault(str(folder), "image_id", each, "distinct as a file's name")
        paths[path] = each
    return [*paths]
