"""A monitor that a start cannot bring back: it says so, and the others serve."""

import sqlite3
from pathlib import Path

import pytest
from grpc import StatusCode, aio

from boxgauge.frames import DataLossError
from boxgauge.server.journal import Journal
from boxgauge.v1 import monitor_pb2
from tests.server.calls import PREDICTIONS, TRUTHS, predictions, truths
from tests.server.conftest import Serve


async def test_others_serve_and_it_is_named_until_it_is_deleted(
    serve: Serve, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    async with serve(journal=path) as (_, calls):
        await calls.create("well")
        await calls.observe(truths(TRUTHS), predictions(PREDICTIONS), monitor="well")
    journal = await Journal.open(path)
    await journal.create("strange", b'{"version": 1000}')  # as a later service would write it
    await journal.close()
    async with serve(journal=path, max_monitors=2) as (app, calls):
        assert (await calls.report("well")).images == len(TRUTHS)
        assert b"boxgauge_monitors_out_of_service 1.0" in app.telemetry.text()
        for call in (
            calls.report("strange"),
            calls.observe(truths(TRUTHS), monitor="strange"),
            calls.create("strange"),
        ):
            with pytest.raises(aio.AioRpcError, match="monitor strange is out of service") as found:
                await call
            assert found.value.code() is StatusCode.FAILED_PRECONDITION
            assert "definition.version must be" in (found.value.details() or "")
        with pytest.raises(aio.AioRpcError, match="max_monitors is 2"):
            await calls.create("third")
        await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="strange"))
        await calls.create("strange")
        assert b"boxgauge_monitors_out_of_service 0.0" in app.telemetry.text()
    async with serve(journal=path) as (app, calls):
        assert {each.name for each in app.book.list()} == {"well", "strange"}


async def test_damage_is_no_monitors_own_matter(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    async with serve(journal=path) as (_, calls):
        await calls.create("well")
        await calls.observe(truths(TRUTHS), predictions(PREDICTIONS), monitor="well")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sides SET boxes = boxes + 1 WHERE number = 1")
    connection.close()
    with pytest.raises(DataLossError, match="damaged"):
        async with serve(journal=path):
            pass
