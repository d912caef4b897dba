"""A served process, a proxy before it, and frames."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .proxy import Proxy

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ":".join(str(ROOT / name) for name in ("proto", "server", "exporters", "clients"))
ENVIRONMENT = os.environ | {"PYTHONPATH": FOLDERS}


@pytest.fixture(scope="session")
def target(graphs_dir: Path) -> Iterator[str]:
    ports = ("--port", "0", "--metrics-port", "0")
    command = ("-m", "boxgauge.cli", "serve", "--graphs", str(graphs_dir), *ports)
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["address"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.fixture
def proxy(target: str) -> Iterator[Proxy]:
    with Proxy(target) as made:
        yield made
