"""The detector's loop runs against a served process, and its monitor measures what it sent."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxgauge.client import MonitorClient
from tests.served import ENVIRONMENT, ROOT, served


@pytest.fixture
def target(graphs_dir: Path) -> Iterator[str]:
    with served(graphs_dir) as address:
        yield address


def run(target: str, spool: Path, *options: str) -> str:
    script = str(ROOT / "examples" / "detector_loop.py")
    command = [sys.executable, script, "--target", target, "--spool", str(spool), *options]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_loop_is_measured(target: str, tmp_path: Path) -> None:
    printed = run(target, tmp_path, "--label-every", "2")
    assert printed == "300 image sides acknowledged, 0 not\n"
    with MonitorClient(target) as client:
        report = client.get_report("scenes").report
    assert (report.predicted_images, report.images) == (200, 100)
    ap = report.statistics["AP"]
    assert ap is not None
    assert 0.4 < ap < 0.7  # the detector's AP over all of its images is 0.570
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]
