"""The service in a process of its own, as a user runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ":".join(str(ROOT / name) for name in ("proto", "server", "exporters", "clients"))
ENVIRONMENT = os.environ | {"PYTHONPATH": FOLDERS}


@contextmanager
def served(graphs: Path) -> Iterator[str]:
    """Run ``boxgauge serve`` on free ports and yield its address; it must end well."""
    server = Server(graphs)
    try:
        yield server.address
    finally:
        status = server.end(signal.SIGTERM)
    assert status == 0


class Server(subprocess.Popen[str]):
    """A process of ``boxgauge serve``, ready when this is made.

    Attributes:
        address: Where it listens.
    """

    def __init__(self, graphs: Path, *, port: int = 0, **environment: str) -> None:
        ports = ("--port", str(port), "--metrics-port", "0")
        kept = () if "BOXGAUGE_JOURNAL" in environment else ("--ephemeral",)
        command = ("-m", "boxgauge.cli", "serve", "--graphs", str(graphs), *ports, *kept)
        super().__init__(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT | environment,
        )
        assert self.stdout is not None
        line = self.stdout.readline()
        assert line, f"the server did not start: exit status {self.wait()}"
        self.address: str = json.loads(line)["address"]

    def end(self, with_signal: signal.Signals) -> int:
        """Send a signal, and return the status when the process is gone."""
        self.send_signal(with_signal)
        status = self.wait(timeout=30)
        if self.stdout is not None:
            self.stdout.close()
        return status
