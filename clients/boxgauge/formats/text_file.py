"""Text files and folders of them, with errors that say what is wrong where."""

import math
from os import PathLike
from pathlib import Path

from boxgauge.formats.records import fault
from boxgauge.frames import MAX_PIXELS, InvalidInputError, wanted_number

_MAX_DIGITS = 10


def read_bytes(path: Path) -> bytes:
    """Return what the file holds.

    Raises:
        InvalidInputError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InvalidInputError(
            f"{path} must be a readable file: {reason}", field=str(path), value=reason
        ) from None


def read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return the number, from 1, and the words of each line that is not blank.

    Raises:
        InvalidInputError: The file cannot be read, or is not UTF-8.
    """
    lines = enumerate(read_text(path).splitlines(), start=1)
    return [(number, line.split()) for number, line in lines if line.strip()]


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Raises:
        InvalidInputError: The file cannot be read, or is not UTF-8; names the byte.
    """
    found = read_bytes(path)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fault(
            str(path), f"byte {error.start}", found[error.start : error.start + 1], "UTF-8 text"
        ) from None


def files_in(folder: str | PathLike[str], *suffixes: str) -> list[Path]:
    """Return the files of a folder that end so, whatever the case, by name; not its folders'.

    Raises:
        InvalidInputError: It is no folder, or two files differ in the ending alone.
    """
    path = Path(folder)
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InvalidInputError(
            f"{path} must be a readable folder: {reason}", field=str(path), value=reason
        ) from None
    files = [each for each in inside if each.suffix.lower() in suffixes and each.is_file()]
    known: dict[str, Path] = {}
    for each in files:
        if each.stem in known:
            raise fault(str(path), each.name, known[each.stem].name, "alone in its name")
        known[each.stem] = each
    return files


def number(text: str | None) -> float | None:
    """Return a finite number from its text; None if it is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    # Python also takes 1_000, which no other reader of these files does.
    return value if math.isfinite(value) and "_" not in (text or "") else None


def box_number(file: str, field: str, text: str) -> float:
    """Return a number that a box or a score may hold from its text.

    Raises:
        InvalidInputError: It is none, or beyond reason.
    """
    value = number(text)
    if value is None:
        raise fault(file, field, text, "a finite number")
    if abs(value) > MAX_PIXELS:
        raise fault(file, field, text, wanted_number(value))
    return value


def pixels(text: str) -> int | None:
    """Return a number of pixels from its decimal digits; None if it is none, or beyond reason."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS else None


def shown(value: float) -> str:
    """Return the shortest text that reads back as this number; whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
