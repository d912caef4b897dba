"""What the exporter's tests share."""

from pathlib import Path

import pytest

from boxgauge.export import Manifest, read_manifest


@pytest.fixture(scope="session")
def manifest(graphs_dir: Path) -> Manifest:
    return read_manifest(graphs_dir)
