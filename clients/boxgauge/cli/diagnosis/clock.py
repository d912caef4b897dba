"""The clock: event times are held against it."""

import ctypes
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from boxgauge.cli.diagnosis.finding import Finding

_TIME_ERROR = 5  # what the kernel answers while nothing keeps its clock
_STA_UNSYNC = 0x40
_DAY_S = 86_400.0
_MEND = "let chrony, ntpd or systemd-timesyncd set it"


class _Timex(ctypes.Structure):
    """The kernel's ``struct timex`` as far as it is read, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether something keeps the clock right, and how wrong it may be, seconds."""

    is_kept: bool
    error_s: float


def kept_clock() -> Kept | None:
    """Return what the kernel says of its clock; None where it does not tell."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):
        return None
    told = _Timex()
    state = int(adjtimex(ctypes.byref(told)))
    if state < 0:
        return None
    is_kept = state != _TIME_ERROR and not told.status & _STA_UNSYNC
    return Kept(is_kept, told.maxerror / 1e6)


def clock_finding(now_s: float, files: Iterable[Path], kept: Kept | None) -> Finding:
    """Judge the clock by files that cannot be from tomorrow, and by the kernel.

    Args:
        now_s: Seconds since 1970.
        files: That were written here or before.
        kept: As the kernel says.
    """
    shown = f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    times = {file: file.stat().st_mtime for file in files if file.exists()}
    newest = max(times, key=lambda file: times[file], default=None)
    if newest is not None and times[newest] > now_s + _DAY_S:
        written = datetime.fromtimestamp(times[newest], UTC)
        words = f"it says {shown}, and {newest} was written on {written:%Y-%m-%d}"
        return Finding("clock", words, f"set it: images would be refused as future. {_MEND}")
    if kept is None:
        return Finding("clock", f"{shown}; the system does not tell whether anything keeps it")
    if not kept.is_kept:
        words = f"{shown}; the kernel knows of nothing that keeps it right"
        return Finding("clock", words, _MEND, is_note=True)
    return Finding("clock", f"{shown}, kept within {kept.error_s:.3f} s")


def now() -> float:
    """Return seconds since 1970."""
    return time.time()
