"""Raw little-endian columns as arrays, their length checked first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import BoxFormat, InvalidInputError
from boxgauge.v1 import frames_pb2 as pb

BOX_FORMATS: dict[int, BoxFormat] = {
    pb.BOX_FORMAT_XYXY: BoxFormat.XYXY,
    pb.BOX_FORMAT_XYWH: BoxFormat.XYWH,
    pb.BOX_FORMAT_CXCYWH: BoxFormat.CXCYWH,
}
_FLOATS: dict[int, np.dtype[Any]] = {
    pb.FLOAT_TYPE_FLOAT32: np.dtype("<f4"),
    pb.FLOAT_TYPE_FLOAT64: np.dtype("<f8"),
}


def column(
    field: str, raw: bytes, dtype: np.dtype[Any], rows: int, *, width: int = 1
) -> NDArray[Any]:
    """Return ``raw`` as [rows], or as [rows, width] where ``width`` is over 1.

    Raises:
        InvalidInputError: The length is not that of so many rows; names ``field``.
    """
    wanted = rows * width * dtype.itemsize
    if len(raw) != wanted:
        raise InvalidInputError.at(
            field, f"{len(raw)} bytes", f"{rows} rows of {width * dtype.itemsize} bytes"
        )
    array = np.frombuffer(raw, dtype)
    return array.reshape(rows, width) if width > 1 else array


def floats(
    field: str, raw: bytes, type_field: str, kind: int, rows: int, *, width: int = 1
) -> NDArray[Any]:
    """Return a float column whose type the message states beside it, in ``type_field``.

    Raises:
        InvalidInputError: The type is not stated though there are rows, or the length is wrong.
    """
    dtype = _FLOATS.get(kind)
    if dtype is None:
        if rows or raw:
            wanted = "FLOAT_TYPE_FLOAT32 or FLOAT_TYPE_FLOAT64"
            raise InvalidInputError.at(type_field, kind, wanted)
        dtype = _FLOATS[pb.FLOAT_TYPE_FLOAT64]
    return column(field, raw, dtype, rows, width=width)


def flags(field: str, raw: bytes, rows: int) -> NDArray[np.bool_] | None:
    """Return a column of bytes 0 or 1 as booleans, or None where it is empty.

    Raises:
        InvalidInputError: A byte is neither, or the length is wrong.
    """
    if not raw:
        return None
    given = column(field, raw, np.dtype(np.uint8), rows)
    bad = np.flatnonzero(given > 1)
    if bad.size:
        row = int(bad[0])
        raise InvalidInputError.at(f"{field}[{row}]", int(given[row]), "0 or 1")
    return given.astype(np.bool_)


def box_format(kind: int, rows: int) -> BoxFormat:
    """Return the stated format; a batch without boxes needs none.

    Raises:
        InvalidInputError: There are boxes and no stated format.
    """
    found = BOX_FORMATS.get(kind)
    if found is None:
        if rows:
            wanted = "BOX_FORMAT_XYXY, BOX_FORMAT_XYWH or BOX_FORMAT_CXCYWH"
            raise InvalidInputError.at("box_format", kind, wanted)
        return BoxFormat.XYWH
    return found
