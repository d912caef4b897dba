"""The folder of a spool: kept for one feed, and what an earlier one has left in it."""

import fcntl
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from boxgauge.client.feed.segments import Names, examine
from boxgauge.frames import FailedPreconditionError, InvalidInputError

_LOG = logging.getLogger(__name__)
_SUFFIX = ".spool"


@dataclass(slots=True)
class Segment:
    """One file of frames: whose they are, where they begin and end."""

    names: Names
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was left.

    Attributes:
        segments: Files with frames, by number, ascending.
        next_number: Of the next file.
        frames: Whole frames.
        damaged: Bytes between frames that could not be read.
        torn: Bytes at the ends of files that could not be read.
    """

    segments: dict[int, Segment]
    next_number: int
    frames: int
    damaged: int
    torn: int


def path_of(folder: Path, number: int) -> Path:
    """Return where the file of a number is."""
    return folder / f"{number:016d}{_SUFFIX}"


def lock(folder: Path) -> int:
    """Make a folder if it is missing, and return the handle that keeps other feeds away.

    Raises:
        FailedPreconditionError: Another feed has it.
        InvalidInputError: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        shown = f"{folder}: {error.strerror}"
        raise InvalidInputError.at("spool", shown, "a folder that can be written") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise FailedPreconditionError(
            f"the spool {folder} is in use by another feed: give each feed a folder of its own",
            field="spool",
            value=folder,
        ) from None
    return handle


def recover(folder: Path) -> Recovered:
    """Return what an earlier process has left; what cannot be read is logged and counted.

    A torn end is cut off; damage before it stays where it is.
    """
    segments: dict[int, Segment] = {}
    next_number = frames = damaged = torn = 0
    for number in _numbers(folder):
        path = path_of(folder, number)
        next_number = number + 1
        found = examine(path)
        frames += found.frames if found.names else 0
        damaged += found.damaged
        torn += found.torn
        if found.damaged or found.torn:
            text = "%s: %d bytes between frames, and %d at the end, cannot be read"
            _LOG.warning(text, path, found.damaged, found.torn)
        if found.names is None and found.frames:
            aside = path.rename(path.with_suffix(".damaged"))
            _LOG.error("%s: whose %d frames they are cannot be read", aside, found.frames)
        elif found.names is None or not found.frames:
            path.unlink()
        else:
            end = found.end - found.torn
            os.truncate(path, end)
            segments[number] = Segment(found.names, found.start, end)
    return Recovered(segments, next_number, frames, damaged, torn)


def _numbers(folder: Path) -> list[int]:
    stems = (each.stem for each in folder.glob(f"*{_SUFFIX}"))
    return sorted(int(stem) for stem in stems if stem.isdecimal())
