"""Bytes that are no message are the caller's fault, on every RPC, and are not logged as ours."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from tests.server.calls import Calls
from tests.server.security.rpcs import offered

NO_MESSAGE = b"\xff" * 100


async def test_bytes_that_are_no_message_are_an_invalid_argument(
    calls: Calls, caplog: pytest.LogCaptureFixture
) -> None:
    methods = await offered(calls.channel)
    for name, method in methods.items():
        with pytest.raises(DecodeError):
            GetMessageClass(method.input_type).FromString(NO_MESSAGE)
        channel = calls.channel
        kinds: Any = {
            (False, False): channel.unary_unary,
            (False, True): channel.unary_stream,
            (True, False): channel.stream_unary,
            (True, True): channel.stream_stream,
        }
        made = kinds[method.client_streaming, method.server_streaming](f"/{name}")
        call = made(_once(NO_MESSAGE) if method.client_streaming else NO_MESSAGE)
        assert ((await call.code()).name, await call.details()) == (
            "INVALID_ARGUMENT",
            "message must be of its type: got 100 other bytes",
        ), name
    assert len(methods) >= 20
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def _once(raw: bytes) -> AsyncIterator[bytes]:
    yield raw
