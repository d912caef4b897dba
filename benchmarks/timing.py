"""What a run costs: wall time, processor time of all threads, peak memory; and the machine."""

import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Cost(Generic[T]):
    """Medians over the repetitions, and the last result.

    Attributes:
        wall_s: Seconds.
        cpu_s: Seconds of this process, all threads.
        peak_mib: Resident memory on top of what was there before; None where unknown.
        result: What the last repetition returned.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float | None
    result: T


def measure(run: Callable[[], T], repeats: int) -> Cost[T]:
    """Return the cost of a run; one more, before the others, warms up and shows the memory."""
    before = _resident_mib("VmRSS")
    _forget_peak()
    result = run()
    peak = _resident_mib("VmHWM")
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    used = peak - before if peak is not None and before is not None else None
    return Cost(statistics.median(walls), statistics.median(cpus), used, result)


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds of a running process, all threads; NaN where Linux does not say."""
    try:
        # The second field, the command, is in parentheses and may hold anything.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """Return what the figures depend on, in one line."""
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores", _processor()]
    for name in ("numpy", "onnxruntime", "grpcio", "protobuf"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _resident_mib(field: str) -> float | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0]) / 1024 if found else None


def _forget_peak() -> None:
    """Let Linux count the peak from here; elsewhere the peak is unknown anyway."""
    if _CLEAR.exists():
        _CLEAR.write_text("5")
