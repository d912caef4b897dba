"""What a batch says of each image beside its boxes: one value an image, or none at all."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from boxgauge.client.checks import check_text
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import frames_pb2 as pb

T = TypeVar("T")
Moment = datetime | float

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)
_KEY = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_MAX_BYTES = 128


def event_time_us(moment: Moment, field: str = "event_time") -> int:
    """Return a moment as microseconds since 1970.

    Args:
        moment: Seconds since 1970 as ``time.time`` gives them, or a datetime with a time zone.
        field: The name that an error gives it.

    Raises:
        InvalidInputError: It is something else, without a time zone, or not finite.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise InvalidInputError.at(field, moment.isoformat(), "a datetime with a time zone")
        return (moment - _EPOCH) // _MICROSECOND
    if isinstance(moment, bool) or not isinstance(moment, int | float | np.integer | np.floating):
        wanted = "seconds since 1970, or a datetime with a time zone"
        raise InvalidInputError.at(field, repr(moment), wanted)
    if not math.isfinite(moment) or (found := round(float(moment) * 1e6)) not in _INT64:
        raise InvalidInputError.at(field, moment, "a finite number of seconds since 1970")
    return found


def event_times_us(given: Sequence[Moment], images: int) -> list[int]:
    """Return when each image was taken, microseconds since 1970, or nothing for none."""
    found = _one_each("event_times", given, images)
    return [event_time_us(each, f"event_times[{k}]") for k, each in enumerate(found)]


def tag_columns(given: Mapping[str, Sequence[str]], images: int) -> list[pb.TagColumn]:
    """Return a column a tag; an empty value: the image does not have the tag."""
    if not isinstance(given, Mapping):
        raise InvalidInputError.at("tags", repr(given)[:80], "lists of values by key")
    return [
        pb.TagColumn(key=check_key(key), values=texts(f"tags[{key}]", values, images, wanted=1))
        for key, values in given.items()
    ]


def check_key(key: object) -> str:
    """Return the key of a tag.

    Raises:
        InvalidInputError: It is not made of 1 to 64 letters, digits and ``_``.
    """
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        shown = repr(key)[:80]
        raise InvalidInputError.at("tags", shown, "keyed by 1 to 64 letters, digits and _")
    return key


def texts(field: str, given: Sequence[str], images: int, *, wanted: int = 0) -> list[str]:
    """Return one text an image, of at most 128 bytes each.

    Args:
        field: The name that an error gives them.
        given: The texts; none at all where ``wanted`` is 0 means that nothing is said.
        images: How many there must be.
        wanted: 1 if there must be texts.
    """
    found = _one_each(field, given, images, may_be_empty=not wanted)
    return [_short(each, f"{field}[{k}]") for k, each in enumerate(found)]


def _short(text: object, field: str) -> str:
    found = check_text(text, field)
    if len(found) > _MAX_BYTES // 4 and len(found.encode()) > _MAX_BYTES:
        raise InvalidInputError.at(field, repr(found[:40]), f"a text of at most {_MAX_BYTES} bytes")
    return found


def retractions(given: Sequence[bool], counts: Sequence[int]) -> list[bool]:
    """Return which images' sides are taken out again; those have no boxes.

    Raises:
        InvalidInputError: One is no boolean, or a retracted side has boxes.
    """
    found = _one_each("retracted", given, len(counts))
    for k, each in enumerate(found):
        if not isinstance(each, bool | np.bool):
            raise InvalidInputError.at(f"retracted[{k}]", repr(each), "true or false")
        if each and counts[k]:
            raise InvalidInputError.at(f"counts[{k}]", counts[k], "0, for the image is retracted")
    return [bool(each) for each in found]


def revisions(given: Sequence[int], images: int) -> list[int]:
    """Return the revision of each image's side, or nothing for all 0."""
    found = _one_each("revisions", given, images)
    return [_revision(k, each) for k, each in enumerate(found)]


def _revision(k: int, given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise InvalidInputError.at(f"revisions[{k}]", repr(given), "a whole number")
    if not 0 <= given < 2**64:
        raise InvalidInputError.at(f"revisions[{k}]", given, "at least 0 and 64 bits")
    return int(given)


def _one_each(
    field: str, given: Sequence[T], images: int, *, may_be_empty: bool = True
) -> Sequence[T]:
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__len__"):
        raise InvalidInputError.at(field, repr(given)[:80], "a list")
    if len(given) != images and (len(given) or not may_be_empty):
        wanted = f"one for each of {images} images" + (", or none" if may_be_empty else "")
        raise InvalidInputError.at(field, f"{len(given)} {field}", wanted)
    return given
