"""A real service in this process: free ports, its own registry, one engine for all tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine
from boxgauge.server.app import App
from boxgauge.server.opened_engine import open_engine
from boxgauge.server.settings import read_settings
from tests.garbage import GARBAGE
from tests.server.calls import Calls

Serve = Callable[..., AbstractAsyncContextManager[tuple[App, Calls]]]


@pytest.fixture(scope="session")
def engine(graphs_dir: Path) -> Engine:
    return open_engine(read_settings(graphs=graphs_dir))


@pytest.fixture
def serve(engine: Engine) -> Serve:
    """Return a function that starts a service with some settings changed."""

    @asynccontextmanager
    async def started(**changed: object) -> AsyncIterator[tuple[App, Calls]]:
        asked = {"port": 0, "metrics_port": 0, "drain_s": 0, "ephemeral": "journal" not in changed}
        settings = read_settings(**(asked | changed))
        async with (
            App(settings, registry=CollectorRegistry(), engine=engine, garbage=GARBAGE) as app,
            aio.insecure_channel(app.address) as channel,
        ):
            yield app, Calls(channel)

    return started


@pytest.fixture
async def app_and_calls(serve: Serve) -> AsyncIterator[tuple[App, Calls]]:
    async with serve() as both:
        yield both


@pytest.fixture
def app(app_and_calls: tuple[App, Calls]) -> App:
    return app_and_calls[0]


@pytest.fixture
def calls(app_and_calls: tuple[App, Calls]) -> Calls:
    return app_and_calls[1]
