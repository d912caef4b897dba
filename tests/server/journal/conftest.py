"""A journal on disk with one monitor."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boxgauge.server.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(path)
    yield opened
    await opened.close()


@pytest.fixture
async def monitor(journal: Journal) -> int:
    return await journal.create("cam", b"definition")
