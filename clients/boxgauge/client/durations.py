"""Lengths of time and windows as they are written: ``1h``, ``7d``, ``5000 images``."""

import math
import re
from datetime import timedelta

import numpy as np

from boxgauge.frames import InvalidInputError
from boxgauge.v1 import monitor_pb2 as pb

Duration = str | float | timedelta

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_LENGTH = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(_UNITS)})", re.ASCII)
_IMAGES = re.compile(r"(\d+)\s*images?", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_WANTED = "a window such as 1h, 7d, 5000 images or all, with a name as in shift=8h if need be"


def seconds(given: Duration, field: str) -> float:
    """Return a length of time in seconds.

    Args:
        given: A number of seconds, a timedelta, or a text such as ``90s``, ``15m``, ``1h``,
            ``7d``, ``2w``.
        field: The name that an error gives it.

    Raises:
        InvalidInputError: It is something else, negative or not finite.
    """
    if isinstance(given, timedelta):
        found = given.total_seconds()
    elif isinstance(given, str):
        match = _LENGTH.fullmatch(given.strip())
        if match is None:
            raise InvalidInputError.at(field, repr(given[:40]), "a length of time, as 1h or 7d")
        found = float(match[1]) * _UNITS[match[2]]
    elif isinstance(given, int | float | np.integer | np.floating) and not isinstance(given, bool):
        found = float(given)
    else:
        raise InvalidInputError.at(field, repr(given)[:80], "seconds, a timedelta, or as 1h or 7d")
    if not (math.isfinite(found) and found >= 0):
        raise InvalidInputError.at(field, given, "a finite length of time, at least 0")
    return found


def window_message(text: object, field: str = "windows") -> pb.WindowSettings:
    """Return a window as the contract carries it.

    Args:
        text: ``1h``, ``24h``, ``7d``, ``5000 images``, ``all``; its name is the text without
            spaces (``5000-images``), or what stands before a ``=``.
        field: The name that an error gives it.

    Raises:
        InvalidInputError: It does not read as a window.
    """
    if not isinstance(text, str):
        raise InvalidInputError.at(field, repr(text)[:80], _WANTED)
    name, equals, span = text.rpartition("=")
    name, span = name.strip(), span.strip()
    found = pb.WindowSettings()
    if match := _LENGTH.fullmatch(span):
        found.duration_s = float(match[1]) * _UNITS[match[2]]
        default = match[1] + match[2]
    elif match := _IMAGES.fullmatch(span):
        if int(match[1]) >= 2**64:
            raise InvalidInputError.at(field, repr(text[:80]), _WANTED)
        found.images = int(match[1])
        default = f"{match[1]}-images"
    elif span == "all":
        default = "all"
    else:
        raise InvalidInputError.at(field, repr(text[:80]), _WANTED)
    if default != "all" and not (found.duration_s or found.images):
        raise InvalidInputError.at(field, repr(text[:80]), "longer than nothing")
    found.name = name if equals else default
    if not _NAME.fullmatch(found.name):
        wanted = "named by 1 to 32 letters, digits, _ and -, as in shift=8h"
        raise InvalidInputError.at(field, repr(text[:80]), wanted)
    return found


def window_text(window: pb.WindowSettings) -> str:
    """Return the text that `window_message` reads as this window."""
    try:
        if window_message(window.name) == window:
            return window.name
    except InvalidInputError:
        pass  # a name that is no length of time
    if window.images:
        span = f"{window.images} images"
        return span if window_message(span) == window else f"{window.name}={span}"
    return f"{window.name}={_length(window.duration_s) if window.duration_s else 'all'}"


def _length(duration_s: float) -> str:
    """Return a length of time in the widest unit that divides it."""
    for unit in ("d", "h", "m"):
        if duration_s % _UNITS[unit] == 0:
            return f"{duration_s / _UNITS[unit]:.0f}{unit}"
    return f"{duration_s:.0f}s" if duration_s == round(duration_s) else f"{duration_s!r}s"
