"""Connections over HTTP are counted and do not last: nobody holds the port with slowness."""

import asyncio
import threading
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlsplit

import pytest

from boxgauge.server import metrics_http
from boxgauge.server.metrics_http import MetricsServer
from tests.server.conftest import Serve
from tests.server.security.conftest import Pki
from tests.server.security.http import fetched

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(stack: AsyncExitStack, url: str) -> Opened:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    stack.callback(writer.close)
    return reader, writer


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what came until the connection was ended by the other side."""
    async with asyncio.timeout(10):
        with suppress(ConnectionResetError):
            return await reader.read()
    return b""


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_silent_connections_make_way_for_those_that_ask_the_oldest_first(
    serve: Serve, pki: Pki, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool
) -> None:
    monkeypatch.setattr(metrics_http, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(metrics_http, "REQUEST_S", 60.0)
    async with serve(**(pki.tls if is_encrypted else {})) as (app, _), AsyncExitStack() as stack:
        held = [await opened(stack, app.metrics_url) for _ in range(4)]
        assert await ended(held[0][0]) == b""
        ca, health = pki.authority.cert, app.metrics_url.replace("/metrics", "/healthz")
        for _ in range(3):
            assert (await fetched(health, ca=ca))[0] == 200
        assert await ended(held[1][0]) == b""
        assert not held[3][0].at_eof()


async def test_who_has_asked_is_answered_and_more_are_closed_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metrics_http, "MAX_CONNECTIONS", 3)
    asking, go_on = threading.Semaphore(0), threading.Event()

    def slow(_: str) -> tuple[str, bytes]:
        asking.release()
        go_on.wait(10)
        return "text/plain", b"slow\n"

    server = MetricsServer(slow, lambda: True)
    url = f"http://127.0.0.1:{server.start('127.0.0.1', 0)}/metrics"
    try:
        async with AsyncExitStack() as stack:
            held = [asyncio.create_task(fetched(url)) for _ in range(3)]
            for _ in held:
                assert await asyncio.to_thread(asking.acquire, timeout=10)
            fourth, _ = await opened(stack, url)
            assert await ended(fourth) == b""
            go_on.set()
            assert await asyncio.gather(*held) == [(200, "slow\n")] * 3
    finally:
        go_on.set()
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("bound", ["REQUEST_S", "LONGEST_S"])
@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_who_sends_a_byte_now_and_then_is_cut_off(
    serve: Serve, pki: Pki, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool, bound: str
) -> None:
    monkeypatch.setattr(metrics_http, bound, 0.3)
    async with serve(**(pki.tls if is_encrypted else {})) as (app, _), AsyncExitStack() as stack:
        reader, writer = await opened(stack, app.metrics_url)

        async def dribble() -> None:
            # Of a request, or of what TLS calls a record of 255 bytes and more.
            for byte in b"\x16\x03\x01\x02\x00" if is_encrypted else b"GET /metrics HTTP/1":
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        dribbling = asyncio.create_task(dribble())
        assert b"200" not in await ended(reader)
        dribbling.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await dribbling
        monkeypatch.setattr(metrics_http, bound, 60.0)
        assert (await fetched(app.metrics_url, ca=pki.authority.cert))[0] == 200
