"""A list of JSON records as columns; every fault names file, record, field and value."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.frames import ImageId, InvalidInputError, check_image_id

Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

_INT64 = range(-(2**63), 2**63)
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Records:
    """The records under one key of one file.

    The checks look at whole columns; only when one fails are the records walked, to
    find the first at fault.

    Attributes:
        file: As the caller spelled it.
        name: The key that holds the list, or "" for a file that is the list itself.
        rows: The records.
    """

    file: str
    name: str
    rows: list[dict[str, Any]]

    @classmethod
    def check(cls, file: str, name: str, rows: object) -> "Records":
        """Return the records of a parsed value.

        Raises:
            InvalidInputError: It is not a list of objects.
        """
        if not isinstance(rows, list):
            raise fault(file, name or "the file", rows, "a list of objects")
        if not set(map(type, rows)) <= {dict}:
            k = next(k for k, row in enumerate(rows) if not isinstance(row, dict))
            raise fault(file, f"{name}[{k}]", rows[k], "an object")
        return cls(file, name, rows)

    def fault(self, where: str, value: object, wanted: str) -> InvalidInputError:
        """Return the error for one place, for example ``[3].bbox[2]``."""
        return fault(self.file, f"{self.name}{where}", value, wanted)

    def column(self, key: str) -> list[Any]:
        """Return one value a record.

        Raises:
            InvalidInputError: A record lacks the key.
        """
        try:
            return [row[key] for row in self.rows]
        except KeyError:
            k = next(k for k, row in enumerate(self.rows) if key not in row)
            keys = ", ".join(self.rows[k]) or "no keys"
            raise self.fault(f"[{k}].{key}", _Words(keys), "present") from None

    def integers(self, key: str) -> Int64:
        """Return an int64 column; 3.0 counts as 3."""
        values = self.column(key)
        if set(map(type, values)) <= {int}:
            try:
                return np.array(values, dtype=np.int64)
            except OverflowError:
                pass  # the walk below names the record
        self._refuse(key, values, _is_integer, "a 64-bit integer")
        return np.array([int(value) for value in values], dtype=np.int64)

    def numbers(self, key: str) -> Float64:
        """Return a float64 column; NaN and infinities pass."""
        values = self.column(key)
        if not set(map(type, values)) <= {int, float}:
            self._refuse(key, values, _is_number, "a number")
        return _floats(values)

    def boxes(self, key: str) -> Float64:
        """Return rows of four numbers, [n, 4]; NaN and infinities pass."""
        values = self.column(key)
        if not set(map(type, values)) <= {list} or not set(map(len, values)) <= {4}:
            self._refuse(key, values, _is_four, "a list of 4 numbers")
        flat = list(chain.from_iterable(values))
        if not set(map(type, flat)) <= {int, float}:
            k = next(k for k, number in enumerate(flat) if not _is_number(number))
            raise self.fault(f"[{k // 4}].{key}[{k % 4}]", flat[k], "a number")
        return _floats(flat).reshape(-1, 4)

    def image_ids(self, key: str) -> list[ImageId]:
        """Return a column of integers and strings; 3.0 counts as 3."""
        values = self.column(key)
        kinds = set(map(type, values))
        if kinds == {int}:
            return list(self.integers(key).tolist())
        if not kinds <= {int, str}:
            values = [int(v) if type(v) is float and v.is_integer() else v for v in values]
        return [check_image_id_of(self, k, key, value) for k, value in enumerate(values)]

    def _refuse(
        self, key: str, values: list[Any], fits: Callable[[Any], bool], wanted: str
    ) -> None:
        k = next((k for k, value in enumerate(values) if not fits(value)), None)
        if k is not None:
            raise self.fault(f"[{k}].{key}", values[k], wanted)


def check_image_id_of(records: Records, k: int, key: str, value: object) -> ImageId:
    """Return the value of record ``k`` if it may name an image.

    Raises:
        InvalidInputError: It may not.
    """
    return check_image_id(value, f"{records.file}: {records.name}[{k}].{key}")


def fault(file: str, field: str, value: object, wanted: str) -> InvalidInputError:
    """Return the error for one field of one file: what was wanted and what was found."""
    shown = value if isinstance(value, _Words) else _Words(_clip(repr(value)))
    return InvalidInputError(
        f"{file}: {field} must be {wanted}: got {shown}", field=field, value=shown
    )


class _Words(str):
    """Text that is shown as it stands, without quotes."""

    __slots__ = ()


def _clip(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _floats(values: list[Any]) -> Float64:
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # an integer of more than 308 digits is infinite as a double
        return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _is_integer(value: object) -> bool:
    if type(value) is float and value.is_integer():
        value = int(value)
    return type(value) is int and value in _INT64


def _is_four(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4
