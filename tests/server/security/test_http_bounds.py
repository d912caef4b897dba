"""Connections over HTTP are counted and do not last: nobody holds the port with slowness."""

import asyncio
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlsplit

import pytest

from boxgauge.server import metrics_http
from boxgauge.server.app import App
from tests.server.conftest import Serve
from tests.server.security.conftest import Pki, until
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


async def test_more_connections_than_there_may_be_are_closed_at_once(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_http, "MAX_CONNECTIONS", 3)
    async with AsyncExitStack() as stack:
        held = [await opened(stack, app.metrics_url) for _ in range(3)]
        fourth, _ = await opened(stack, app.metrics_url)
        assert await ended(fourth) == b""
        for _, writer in held:
            writer.close()

        async def is_answered() -> bool:
            with suppress(OSError):
                return (await fetched(app.metrics_url))[0] == 200
            return False

        await until(is_answered)


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_who_sends_a_byte_now_and_then_is_cut_off(
    serve: Serve, pki: Pki, monkeypatch: pytest.MonkeyPatch, is_encrypted: bool
) -> None:
    monkeypatch.setattr(metrics_http, "LONGEST_S", 0.3)
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
        monkeypatch.setattr(metrics_http, "LONGEST_S", 60.0)
        assert (await fetched(app.metrics_url, ca=pki.authority.cert))[0] == 200
