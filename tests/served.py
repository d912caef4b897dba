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
def served(graphs: Path, *options: str) -> Iterator[str]:
    """Run ``boxgauge serve`` on free ports and yield its address; it must end well."""
    ports = ("--port", "0", "--metrics-port", "0")
    command = ("-m", "boxgauge.cli", "serve", "--graphs", str(graphs), *ports, *options)
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the server did not start: exit status {process.wait()}"
        try:
            yield json.loads(line)["address"]
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
