"""Image ids and their order, which is the tie rule of every report."""

from boxgauge.frames.errors import InvalidInputError

ImageId = int | str

_INT64 = range(-(2**63), 2**63)
_MAX_BYTES = 512


def image_order(image_id: ImageId) -> tuple[int, int, bytes]:
    """Return the sort key of an image id: integers by value, then strings by UTF-8 bytes."""
    if isinstance(image_id, str):
        return (1, 0, image_id.encode())
    return (0, image_id, b"")


def check_image_id(image_id: object, field: str) -> ImageId:
    """Return ``image_id`` if it is an int64 or a non-empty string of at most 512 bytes.

    Raises:
        InvalidInputError: It is something else; names ``field``.
    """
    if isinstance(image_id, bool) or not isinstance(image_id, int | str):
        raise InvalidInputError.at(field, repr(image_id), "an integer or a string")
    if isinstance(image_id, int):
        if image_id not in _INT64:
            raise InvalidInputError.at(field, image_id, "a 64-bit integer")
    elif not 0 < len(image_id.encode()) <= _MAX_BYTES:
        raise InvalidInputError.at(field, repr(image_id[:40]), f"of 1 to {_MAX_BYTES} bytes")
    return image_id
