"""The service as a process of its own, for benchmarks that watch it from outside."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Served:
    """A running service."""

    address: str
    metrics_url: str
    process: int

    def resident_mib(self) -> float:
        """Return its resident memory."""
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


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
