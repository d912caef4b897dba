"""What a COCO file says of its images beyond their ids: names of files, sizes."""

from boxgauge.formats.labelled_images import Size
from boxgauge.formats.records import Records
from boxgauge.frames import ImageId


def image_sizes(images: Records, ids: list[ImageId]) -> dict[ImageId, Size]:
    """Return width and height of the images that have both, in whole pixels above 0."""
    sizes = {}
    for image_id, row in zip(ids, images.rows, strict=True):
        width, height = row.get("width"), row.get("height")
        if type(width) is int and type(height) is int and width > 0 and height > 0:
            sizes[image_id] = (width, height)
    return sizes


def file_names(images: Records, ids: list[ImageId]) -> dict[ImageId, str]:
    """Return the names of the images that have one."""
    return {
        image_id: row["file_name"]
        for image_id, row in zip(ids, images.rows, strict=True)
        if isinstance(row.get("file_name"), str)
    }
