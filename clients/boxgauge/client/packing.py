"""Arrays as the raw little-endian columns of the contract, without losing a bit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from boxgauge.frames import BoxFormat, ImageId, InvalidInputError, check_image_ids
from boxgauge.v1 import frames_pb2 as pb

_FORMATS = {
    BoxFormat.XYXY: pb.BOX_FORMAT_XYXY,
    BoxFormat.XYWH: pb.BOX_FORMAT_XYWH,
    BoxFormat.CXCYWH: pb.BOX_FORMAT_CXCYWH,
}
_KINDS = {
    "<f8": "numbers that float64 holds",
    "<i8": "whole numbers (int64)",
    "?": "true or false (bool)",
}
_MAX_COUNT = 2**32 - 1


def image_ids_message(given: Sequence[ImageId]) -> tuple[pb.ImageIds, int]:
    """Return the ids as the contract carries them, and how many there are."""
    ids = check_image_ids(given)
    integers = [each for each in ids if isinstance(each, int)]
    strings = [each for each in ids if isinstance(each, str)]
    if integers and strings:
        both = f"{integers[0]} and {strings[0]!r}"
        raise InvalidInputError.at("image_ids", both, "all integers or all strings")
    return pb.ImageIds(integers=integers, strings=strings), len(ids)


def box_counts(given: ArrayLike, images: int) -> tuple[list[int], int]:
    """Return the number of boxes of each image, and their sum."""
    counts = np.frombuffer(exact_column("counts", given, "<i8", images), "<i8").tolist()
    for k, count in enumerate(counts):
        if not 0 <= count <= _MAX_COUNT:
            raise InvalidInputError.at(f"counts[{k}]", count, "at least 0 and 32 bits")
    return counts, sum(counts)


def float_column(name: str, given: ArrayLike, shape: tuple[int, ...]) -> tuple[bytes, pb.FloatType]:
    """Return floats as bytes, and their type: float32 where that holds them, else float64."""
    array = np.asarray(given)
    if array.size == 0 and 0 in shape:
        return b"", pb.FLOAT_TYPE_FLOAT64
    _check_shape(name, array, shape)
    if np.can_cast(array.dtype, np.float32, "safe"):
        return array.astype("<f4").tobytes(), pb.FLOAT_TYPE_FLOAT32
    if np.can_cast(array.dtype, np.float64, "safe") and not _may_round(array):
        return array.astype("<f8").tobytes(), pb.FLOAT_TYPE_FLOAT64
    raise InvalidInputError.at(name, array.dtype, "float32 or float64, or widen to it exactly")


def _may_round(array: NDArray[Any]) -> bool:
    """Say whether 64-bit integers, which numpy calls safe, would round as doubles."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8:
        return False
    return bool((array.astype(np.float64).astype(array.dtype) != array).any())


def exact_column(name: str, given: ArrayLike, dtype: str, length: int) -> bytes:
    """Return one value a box as bytes of ``dtype``, which must hold every value of their type."""
    array = np.asarray(given)
    if array.size == 0 and length == 0:
        return b""
    _check_shape(name, array, (length,))
    if not np.can_cast(array.dtype, dtype, "safe"):
        raise InvalidInputError.at(name, array.dtype, _KINDS[dtype])
    return array.astype(dtype).tobytes()


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise InvalidInputError.at(name, list(array.shape), f"of shape {list(shape)}")


def box_format_value(given: BoxFormat | str) -> pb.BoxFormat:
    """Return the contract's name of a box format."""
    try:
        return _FORMATS[BoxFormat(given)]
    except ValueError:
        known = ", ".join(BoxFormat)
        raise InvalidInputError.at("box_format", repr(given), f"one of {known}") from None
