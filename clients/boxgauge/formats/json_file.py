"""JSON files as Python values, with errors that say what is wrong where."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from boxgauge.frames import InvalidInputError

_BOM = b"\xef\xbb\xbf"


def read_json(path: Path) -> object:
    """Return the value that the file holds: see `read_text` and `parse_json`."""
    return parse_json(path, read_text(path))


def read_text(path: Path) -> bytes:
    """Return the text of the file.

    Raises:
        InvalidInputError: The file cannot be read.
    """
    try:
        return path.read_bytes().removeprefix(_BOM)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InvalidInputError(
            f"{path} must be a readable file: {reason}", field=str(path), value=reason
        ) from None


def parse_json(path: Path, text: bytes) -> object:
    """Return the value that the text of a file stands for; every double round-trips.

    NaN and Infinity, which Python writes though JSON has neither, are read as such, so
    that whoever judges the values can name the record that holds one.

    Raises:
        InvalidInputError: It is not JSON.
    """
    with collector_paused():
        try:
            value: object = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            if b"NaN" in text or b"Infinity" in text:
                return _read_with_nan(path, text)
            raise not_json(path, error) from None
    return value


def not_json(path: Path, error: ValueError) -> InvalidInputError:
    """Return the error for text that no JSON parser takes."""
    return InvalidInputError(f"{path} must be JSON: {error}", field=str(path), value=error)


def _read_with_nan(path: Path, text: bytes) -> object:
    try:
        value: object = json.loads(text)
        # Python also takes half a surrogate pair, which no later encoder would.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise not_json(path, ValueError(error)) from None
    return value


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cycle collector from walking millions of new, acyclic objects again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
