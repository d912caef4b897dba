"""What the integration tests share: the graphs in process, and a served process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from boxgauge.engine import Engine, ModelRepository
from tests.integration.servers import Served, served


@pytest.fixture(scope="session")
def engine(graphs_dir: Path) -> Engine:
    return Engine.open(ModelRepository.open(graphs_dir))


@pytest.fixture(scope="session")
def server(graphs_dir: Path) -> Iterator[Served]:
    """A served process for all tests that bring monitors of their own; it must end well."""
    with served(graphs_dir) as running:
        yield running
