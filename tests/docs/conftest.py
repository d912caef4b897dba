"""The documents, and a service to try their examples on."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "127.0.0.1:8001"
"""Where the documents say that the service listens."""

_SKIPPED = {"graphs", "dist", "build", "node_modules"}


def documents() -> list[Path]:
    """Return every Markdown file of the repository."""
    return sorted(
        file
        for file in ROOT.rglob("*.md")
        if not any(
            part.startswith(".") or part in _SKIPPED for part in file.relative_to(ROOT).parts
        )
    )


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


def shell_lines() -> list[str]:
    """Return every command of every shell block, continued lines joined, comments cut."""
    text = "".join(block for file in documents() for block in blocks(file, "sh"))
    quoted = re.sub(r"'[^']*'", lambda part: part[0].replace("\n", " "), text)
    lines = quoted.replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+# .*", "", line) for line in lines]


@pytest.fixture(scope="session")
def environment(graphs_dir: Path) -> dict[str, str]:
    packages = os.pathsep.join(path for path in sys.path if path.startswith(str(ROOT)))
    return os.environ | {
        "PYTHONPATH": packages,
        "BOXGAUGE_GRAPHS": str(graphs_dir.resolve()),
        "BOXGAUGE_PORT": "0",
        "BOXGAUGE_METRICS_PORT": "0",
    }


@pytest.fixture(scope="session")
def address(environment: dict[str, str]) -> Iterator[str]:
    """Run ``boxgauge serve``, since the examples run in processes of their own."""
    command = (
        sys.executable,
        "-m",
        "boxgauge.cli",
        "serve",
        "--ephemeral",
        "--log-level",
        "warning",
    )
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        ready = process.stdout.readline()
        try:
            assert ready, f"the server did not start: exit status {process.wait()}"
            yield json.loads(ready)["address"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
