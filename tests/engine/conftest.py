"""One engine over the exported graphs for all tests of the run time."""

from pathlib import Path

import pytest

from boxgauge.engine import Engine, ModelRepository


@pytest.fixture(scope="session")
def repository(graphs_dir: Path) -> ModelRepository:
    return ModelRepository.open(graphs_dir)


@pytest.fixture(scope="session")
def engine(repository: ModelRepository) -> Engine:
    return Engine.open(repository)
