"""What monitors need around them: a real journal, engine and executor, without a server."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.server.journal import Journal
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.telemetry import Telemetry


@pytest.fixture
async def around(engine: Engine, tmp_path: Path) -> AsyncIterator[Surroundings]:
    with ThreadPoolExecutor(2) as executor:
        journal = await Journal.open(tmp_path / "journal")
        yield Surroundings(
            engine=engine,
            executor=executor,
            journal=journal,
            ledger=Ledger(10**6, 10**6),
            telemetry=Telemetry(CollectorRegistry()),
            clock_us=lambda: 10**15,
            max_models=4,
            max_waiting=1000,
            max_tally_bytes=2**28,
            max_journal_bytes=2**30,
            lanes=Lanes(executor, executor),
        )
        await journal.close()
