"""What tests of faults share: the campaigns' scripts, the graphs, and processes that find both."""

import os
import sys
from pathlib import Path

import pytest

from boxgauge.engine import Engine, ModelRepository

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def engine(graphs_dir: Path) -> Engine:
    return Engine.open(ModelRepository.open(graphs_dir))


@pytest.fixture
def campaigns(graphs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the scripts importable; services that they start find packages and graphs."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "faults")
    folders = [str(ROOT / each) for each in ("proto", "server", "exporters", "clients")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*folders, *sys.path]))
    monkeypatch.setenv("BOXGAUGE_GRAPHS", str(graphs_dir))
