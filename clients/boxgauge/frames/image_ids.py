"""Image ids and their order, which is the tie rule of every report."""

from collections.abc import Iterable

import numpy as np

from boxgauge.frames.errors import InvalidInputError

ImageId = int | str

_INT64 = range(-(2**63), 2**63)
_MAX_BYTES = 512


def image_order(image_id: ImageId) -> tuple[int, int, bytes]:
    """Return the sort key of an image id: integers by value, then strings by UTF-8 bytes."""
    if isinstance(image_id, str):
        return (1, 0, image_id.encode())
    return (0, image_id, b"")


def in_image_order(image_ids: Iterable[ImageId]) -> list[ImageId]:
    """Return the ids in the order of `image_order`, faster than sorting by that key."""
    numbers: list[int] = []
    texts: list[str] = []
    for each in image_ids:
        texts.append(each) if isinstance(each, str) else numbers.append(each)
    return [*sorted(numbers), *sorted(texts, key=str.encode)]


def check_image_id(image_id: object, field: str) -> ImageId:
    """Return ``image_id`` if it is an int64 or a non-empty string of at most 512 bytes.

    numpy's integers come back as Python's own.

    Raises:
        InvalidInputError: It is something else; names ``field``.
    """
    if isinstance(image_id, np.integer):
        image_id = int(image_id)
    if isinstance(image_id, bool) or not isinstance(image_id, int | str):
        raise InvalidInputError.at(field, repr(image_id), "an integer or a string")
    if isinstance(image_id, int):
        if image_id not in _INT64:
            raise InvalidInputError.at(field, image_id, "a 64-bit integer")
        return image_id
    try:
        length = len(image_id.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        raise InvalidInputError.at(field, ascii(image_id[:40]), "Unicode text") from None
    if not 0 < length <= _MAX_BYTES:
        wanted = f"of 1 to {_MAX_BYTES} bytes"
        raise InvalidInputError.at(field, f"{length} bytes, {image_id[:40]!r}", wanted)
    return image_id


def check_image_ids(image_ids: Iterable[object], field: str = "image_ids") -> list[ImageId]:
    """Return the ids of a batch, each one checked.

    Raises:
        InvalidInputError: It is one text or no sequence at all, or an id is bad.
    """
    if isinstance(image_ids, str | bytes) or not isinstance(image_ids, Iterable):
        raise InvalidInputError.at(field, repr(image_ids), "a list of ids")
    if isinstance(image_ids, np.ndarray) and image_ids.ndim != 1:
        raise InvalidInputError.at(field, f"shape {list(image_ids.shape)}", "a list of ids")
    return [check_image_id(each, f"{field}[{k}]") for k, each in enumerate(image_ids)]
