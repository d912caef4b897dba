"""A service in this process, for tests that look into it while they trouble it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.server.app import App
from boxgauge.server.settings import read_settings
from tests.garbage import GARBAGE
from tests.server.calls import Calls


@asynccontextmanager
async def serving(engine: Engine, **changed: object) -> AsyncIterator[tuple[App, Calls]]:
    """Serve with some settings changed; yields the service and a connection to it."""
    usual = {"port": 0, "metrics_port": 0, "drain_s": 0, "ephemeral": True}
    settings = read_settings(**(usual | changed))
    async with (
        App(settings, registry=CollectorRegistry(), engine=engine, garbage=GARBAGE) as app,
        aio.insecure_channel(app.address) as channel,
    ):
        yield app, Calls(channel)


async def until(holds: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Wait until something holds, which must be before long."""
    for _ in range(int(within_s / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"it does not hold within {within_s} s")
