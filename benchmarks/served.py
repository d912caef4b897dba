"""The service as a process of its own, for benchmarks that watch it from outside."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from timing import cpu_seconds


@dataclass(frozen=True, slots=True)
class Served:
    """A running service."""

    address: str
    metrics_url: str
    process: int

    def resident_mib(self) -> float:
        """Return its resident memory, with that of the process that makes its reports."""
        return sum(map(_resident_mib, (self.process, *self.children())))

    def cpu_seconds(self) -> float:
        """Return the processor's time that it has taken, with that process."""
        return sum(map(cpu_seconds, (self.process, *self.children())))

    def children(self) -> tuple[int, ...]:
        """Return the processes that it has started, by any of its threads."""
        found = Path(f"/proc/{self.process}/task").glob("*/children")
        return tuple(int(child) for each in found for child in each.read_text().split())

    def count(self, name: str) -> float:
        """Return the value of a metric without labels.

        Raises:
            LookupError: There is no such metric.
        """
        with urllib.request.urlopen(self.metrics_url) as answer:  # noqa: S310 (loopback)
            for line in answer.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.rpartition(" ")[2])
        raise LookupError(f"the service has no metric {name}")


def _resident_mib(process: int) -> float:
    """Return the resident memory of a process; 0 where it has ended meanwhile."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(sizes[0]) / 1024 if sizes else 0


@contextmanager
def serve_echo() -> Iterator[str]:
    """Run the bare server of `echo` and yield its address; on leaving it is ended."""
    command = [sys.executable, str(Path(__file__).with_name("echo.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise SystemExit(f"the echo server did not start: exit status {process.wait()}")
        try:
            yield json.loads(line)["address"]
        finally:
            process.terminate()
            process.wait()


@contextmanager
def serve(**settings: object) -> Iterator[Served]:
    """Run ``boxgauge serve`` on free ports with these settings; on leaving it drains.

    Without a journal among them nothing is kept on disk.
    """
    if settings.get("journal") is None:
        settings["ephemeral"] = "true"
    asked = {f"BOXGAUGE_{k.upper()}": str(v) for k, v in settings.items() if v is not None}
    command = [sys.executable, "-m", "boxgauge.cli", "serve", "--port", "0", "--metrics-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | asked) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise SystemExit(f"the server did not start: exit status {process.wait()}")
        ready = json.loads(line)
        try:
            yield Served(ready["address"], ready["metrics"], process.pid)
        finally:
            process.terminate()
            process.wait()
