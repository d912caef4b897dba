"""Tokens in a running service: given, taken back, and asked for on every port."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from grpc import aio

from boxgauge.client import (
    AsyncEvaluationClient,
    AsyncFeed,
    AsyncMonitorClient,
    FeedOptions,
    MonitorClient,
)
from boxgauge.client.messages import Batch
from boxgauge.frames import (
    NotFoundError,
    PermissionDeniedError,
    Predictions,
    UnauthenticatedError,
)
from boxgauge.server.app import App
from boxgauge.v1 import monitor_pb2
from tests.server.calls import PREDICTIONS, Calls, predictions, stream
from tests.server.conftest import Serve
from tests.server.security.conftest import TokensFile, bearer, until, value_of
from tests.server.security.http import fetched

CLASSES = {1: "cat", 2: "dog"}
QUICK = {"reload_interval_s": 0.02}


async def names(address: str, token: str) -> list[str]:
    async with AsyncMonitorClient(address, token=token) as client:
        return [each.name for each in await client.list_monitors()]


async def valid(address: str, token: str) -> bool:
    try:
        await names(address, token)
    except UnauthenticatedError:
        return False
    return True


async def test_a_new_token_is_valid_and_a_removed_one_is_not_without_a_restart(
    serve: Serve, tokens: TokensFile
) -> None:
    async with serve(tokens=tokens.path, **QUICK) as (app, _):
        token = tokens.add("read", "*")
        await until(lambda: valid(app.address, token))
        other = tokens.add("read", "*")
        await until(lambda: valid(app.address, other))
        tokens.remove(token)

        async def is_revoked() -> bool:
            return not await valid(app.address, token)

        await until(is_revoked)
        assert await valid(app.address, other)


async def test_a_bad_file_leaves_the_last_good_tokens_and_is_told(
    serve: Serve, tokens: TokensFile, caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.add("read", "*")
    stale = 'boxgauge_reload_refused{what="tokens"}'
    async with serve(tokens=tokens.path, **QUICK) as (app, _):
        good = tokens.path.read_text()
        tokens.path.write_text("what is this\n")
        await until(lambda: value_of(app, stale) == 1)
        assert await valid(app.address, token)
        assert "tokens, line 2" not in caplog.text
        assert "tokens, line 1, must be ID" in caplog.text
        tokens.path.write_text(good)
        await until(lambda: value_of(app, stale) == 0)


async def test_revoking_ends_running_streams(serve: Serve, tokens: TokensFile) -> None:
    root, token = tokens.add("admin", "*"), tokens.add("ingest,read", "*")
    async with serve(tokens=tokens.path, **QUICK) as (app, calls):
        calls.metadata = bearer(root)
        await calls.create("street")
        asked: asyncio.Queue[monitor_pb2.ObserveRequest] = asyncio.Queue()

        async def requests() -> AsyncIterator[monitor_pb2.ObserveRequest]:
            while True:
                yield await asked.get()

        request = monitor_pb2.ObserveRequest(
            monitor="street", model="m", frames=predictions(PREDICTIONS)
        )
        observing: Any = calls.monitors.Observe(requests(), metadata=bearer(token))
        asked.put_nowait(request)
        assert (await observing.read()).accepted == len(PREDICTIONS)
        watched = monitor_pb2.WatchReportRequest(monitor="street", interval_s=0.1)
        watching: Any = calls.monitors.WatchReport(watched, metadata=bearer(token))
        assert (await watching.read()).model == "m"

        tokens.remove(token)

        async def is_revoked() -> bool:
            return not await valid(app.address, token)

        await until(is_revoked)
        asked.put_nowait(request)
        assert (await observing.code()).name == "UNAUTHENTICATED"
        calls.metadata = bearer(tokens.add("ingest", "*"))
        await until(lambda: _observed(calls))
        assert (await watching.code()).name == "UNAUTHENTICATED"


async def _observed(calls: Calls) -> bool:
    """Change the monitor, so that what watches it is told; say whether that was allowed yet."""
    try:
        await calls.observe(predictions({99: []}), monitor="street")
    except aio.AioRpcError:
        return False
    return True


async def test_a_stream_must_stay_within_its_right(serve: Serve, tokens: TokensFile) -> None:
    token = tokens.add("admin,ingest", "a/*")
    async with serve(tokens=tokens.path) as (_, calls):
        calls.metadata = bearer(token)
        await calls.create("a/x")
        frames = predictions(PREDICTIONS)
        requests = [
            monitor_pb2.ObserveRequest(monitor=name, model="m", frames=frames)
            for name in ("a/x", "a/x", "b/x")
        ]
        call: Any = calls.monitors.Observe(stream(requests), metadata=bearer(token))
        assert [await call.read() for _ in range(2)]
        assert (await call.code()).name == "PERMISSION_DENIED"
        assert await call.details() == "the right 'ingest' to monitor 'b/x' is needed"


async def test_clients_raise_what_they_are_denied(serve: Serve, tokens: TokensFile) -> None:
    token = tokens.add("ingest", "street")
    batch: Batch = Predictions.from_arrays([], [], [], [], [])

    def blocking(address: str) -> str:
        with (
            MonitorClient(address, token=token) as client,
            pytest.raises(PermissionDeniedError) as denied,
        ):
            client.create_monitor("street", CLASSES)
        return str(denied.value)

    async with serve(tokens=tokens.path) as (app, _):
        assert "'admin' to monitor 'street'" in await asyncio.to_thread(blocking, app.address)
        async with AsyncEvaluationClient(app.address, token=token) as client:
            with pytest.raises(PermissionDeniedError, match="'read' to any monitor"):
                await client.evaluate(CLASSES, [batch])
        async with AsyncEvaluationClient(app.address) as client:
            with pytest.raises(UnauthenticatedError, match="none was sent"):
                await client.evaluate(CLASSES, [batch])
        async with AsyncMonitorClient(app.address, token=token) as monitors:
            with pytest.raises(NotFoundError):
                async for _ in monitors.observe("street", [batch], model="m"):
                    pass


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer  ", "bearer boxgauge_0_"]
)
async def test_other_headers_are_no_token(serve: Serve, tokens: TokensFile, value: str) -> None:
    tokens.add("read", "*")
    async with serve(tokens=tokens.path) as (app, calls):
        request, header = monitor_pb2.ListMonitorsRequest(), ("authorization", value)
        for metadata in ((header,), (header, header)):
            call: Any = calls.monitors.ListMonitors(request, metadata=metadata)
            assert (await call.code()).name == "UNAUTHENTICATED"
        denied = 'boxgauge_denied_total{protocol="grpc",reason="unauthenticated"}'
        assert value_of(app, denied) == 2


async def test_what_nobody_known_sends_is_not_even_decoded(
    serve: Serve, tokens: TokensFile
) -> None:
    token = tokens.add("read", "*")
    async with serve(tokens=tokens.path) as (_, calls):
        raw = calls.channel.unary_unary("/boxgauge.v1.MonitorService/GetReport")
        no_message = b"\xff" * 100
        call: Any = raw(no_message)
        assert (await call.code()).name == "UNAUTHENTICATED"
        call = raw(no_message, metadata=bearer(token))
        assert (await call.code()).name in ("UNKNOWN", "INVALID_ARGUMENT")


async def test_a_feed_keeps_frames_until_its_token_is_valid(
    serve: Serve, tokens: TokensFile, tmp_path: Path
) -> None:
    root = tokens.add("admin,read", "*")
    file = tmp_path / "token"
    file.write_text("not-yet")
    options = FeedOptions(first_retry_s=0.01, most_retry_s=0.05, batch_age_s=0.01)
    async with serve(tokens=tokens.path, **QUICK) as (app, calls):
        calls.metadata = bearer(root)
        await calls.create("street")
        feed = AsyncFeed(
            app.address,
            "street",
            "m",
            spool=tmp_path / "spool",
            token_file=file,
            options=options,
        )
        async with feed:
            await feed.predictions(1, [[0, 0, 5, 5]], [1], [0.5])
            await until(lambda: feed.counters.failures > 1)
            assert "a valid token is needed" in feed.counters.last_error
            assert feed.counters.spooled == 1
            file.write_text(tokens.add("ingest", "street"))
            await feed.flush(10)
            assert feed.counters.acknowledged == 1
        assert list((await calls.create("street")).models) == ["m"]


async def test_a_token_from_the_environment_or_a_file_is_sent(
    serve: Serve, tokens: TokensFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tokens.add("read", "*")
    async with serve(tokens=tokens.path) as (app, _):
        file = tmp_path / "token"
        file.write_text(token + "\n")
        async with AsyncMonitorClient(app.address, token_file=file) as client:
            assert await client.list_monitors() == ()
        monkeypatch.setenv("BOXGAUGE_TOKEN", token)
        async with AsyncMonitorClient(app.address) as client:
            assert await client.list_monitors() == ()
        with pytest.raises(UnauthenticatedError):
            await names(app.address, "")


async def test_metrics_and_the_page_need_the_right_to_read_all(
    serve: Serve, tokens: TokensFile
) -> None:
    whole, some = tokens.add("read", "*"), tokens.add("read,admin,ingest", "a*")
    async with serve(tokens=tokens.path) as (app, _):
        base = app.metrics_url.removesuffix("/metrics")
        for path in ("/metrics", "/", "/api/v1/monitors"):
            assert (await fetched(base + path))[0] == 401
            assert (await fetched(base + path, token=whole + "x"))[0] == 401
            assert (await fetched(base + path, token=whole))[0] == 200
            assert (await fetched(base + path, password=whole))[0] == 200
            assert (await fetched(base + path, password="wrong"))[0] == 401  # noqa: S106
            status, text = await fetched(base + path, token=some)
            assert (status, text) == (403, "the right 'read' to all monitors is needed\n")
        for path in ("/healthz", "/readyz"):
            assert (await fetched(base + path))[0] == 200
        assert (await fetched(base + "/nowhere"))[0] == 401
        assert (await fetched(base + "/nowhere", token=whole))[0] == 404


async def test_on_loopback_with_nothing_configured_only_a_local_host_is_answered(
    app: App,
) -> None:
    for host, status in (
        ("", 200),
        ("localhost", 200),
        ("localhost:9464", 200),
        ("[::1]:9464", 200),
        ("rebound.example", 421),
        ("rebound.example:9464", 421),
        ("127.0.0.1.example", 421),
    ):
        assert (await fetched(app.metrics_url, host=host))[0] == status
    ready = app.metrics_url.replace("/metrics", "/readyz")
    assert (await fetched(ready, host="rebound.example"))[0] == 200
