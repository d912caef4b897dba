"""How the C library hands out memory: so that what is freed goes back to the system."""

import ctypes
import logging
import os
from contextlib import suppress

_LOG = logging.getLogger(__name__)

# glibc's mallopt: parameters and, by them, what its environment variables are called.
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
_VARIABLES = {
    _ARENA_MAX: "MALLOC_ARENA_MAX",
    _MMAP_THRESHOLD: "MALLOC_MMAP_THRESHOLD_",
    _TRIM_THRESHOLD: "MALLOC_TRIM_THRESHOLD_",
}
# By default every thread gets an arena of its own, and the thresholds grow with what is freed:
# arrays of many sizes from many threads then leave as much unused memory as is in use. Where
# the second one is left at its 128 KiB, what is freed goes back to the system only to be taken
# again, page by page: a report then takes twice the processor's time.
_WANTED = {_ARENA_MAX: 2, _MMAP_THRESHOLD: 2**20, _TRIM_THRESHOLD: 2**25}

_AT_HAND = {_ARENA_MAX: 2, _MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}


def give_back_freed() -> None:
    """Give pages that lie free between others back to the system; takes some milliseconds.

    Without it what is let go of in the middle of much that stays is kept, and adds up for hours.
    """
    with suppress(OSError, AttributeError):  # no glibc: `keep_memory_compact` has told
        ctypes.CDLL(None).malloc_trim(0)


def keep_memory_compact() -> bool:
    """Have glibc use few arenas, and pages of their own for arrays of a megabyte and more.

    Called before threads are started. What the environment sets already is left as it is.

    Returns:
        Whether the C library took it; false where it is not glibc.
    """
    return _ask(_WANTED)


def keep_memory_at_hand() -> bool:
    """Have glibc use few arenas, and keep up to 64 MiB for the next arrays; likewise.

    For a process whose arrays all come and go: pages that it gives back it takes again at once.
    """
    return _ask(_AT_HAND)


def _ask(wanted: dict[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        _LOG.info("the C library has no mallopt: freed memory may stay with the process")
        return False
    asked = {key: value for key, value in wanted.items() if _VARIABLES[key] not in os.environ}
    refused = [_VARIABLES[key] for key, value in asked.items() if not mallopt(key, value)]
    if refused:
        _LOG.info("the C library did not take %s", ", ".join(refused))
    return not refused
