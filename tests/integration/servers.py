"""The product as its users run it: the command in a process of its own, on free ports."""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(
        str(ROOT / name) for name in ("proto", "server", "exporters", "clients")
    )
}
START_S, STOP_S = 90.0, 10.0


@dataclass(frozen=True)
class Served:
    """A running service: where it is, and its process."""

    address: str
    metrics_url: str
    process: subprocess.Popen[str]

    def terminate(self) -> int:
        """Ask it to drain, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def served(graphs: Path, **settings: object) -> Iterator[Served]:
    """Run ``boxgauge serve`` with these settings; on leaving it must drain and exit 0."""
    asked = {f"BOXGAUGE_{name.upper()}": str(value) for name, value in settings.items()}
    ports = ("--port", "0", "--metrics-port", "0")
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "boxgauge.cli",
            "serve",
            "--ephemeral",
            "--graphs",
            str(graphs),
            *ports,
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | ENVIRONMENT | asked,
    ) as process:
        try:
            ready = _ready(process)
            yield Served(ready["address"], ready["metrics"], process)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()


def boxgauge(*arguments: object) -> str:
    """Run the command, which must succeed, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "boxgauge.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _ready(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the line that the service prints once it takes calls."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        assert selector.select(START_S), f"not ready within {START_S} s"
    line = process.stdout.readline()
    assert line, f"ended with status {process.wait(STOP_S)} before it was ready"
    ready: dict[str, str] = json.loads(line)
    assert ready["event"] == "ready"
    return ready
