"""The status of an asynchronous stream, as the service gave it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio

from boxgauge.client.status import error_from

_MADE_UP = "Internal error from Core"
_WAIT_S = 0.01
_WAITS = 100


@asynccontextmanager
async def stream_translated(target: str, call: Any) -> AsyncIterator[None]:  # noqa: ANN401  # three types
    """Raise what the service says on a stream as a `BoxGaugeError`."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise error_from(await _final(call, error), target) from None


async def _final(call: Any, error: grpc.aio.AioRpcError) -> grpc.aio.AioRpcError:  # noqa: ANN401
    """Return the error with the service's own status.

    When a service ends a stream while a write is under way, grpc.aio fails the write
    with an INTERNAL of its own making; the true status replaces it on arrival.
    """
    for _ in range(_WAITS):
        if error.details() != _MADE_UP:
            break
        await asyncio.sleep(_WAIT_S)
        trailing = await call.trailing_metadata()
        error = grpc.aio.AioRpcError(
            await call.code(), grpc.aio.Metadata(), trailing, await call.details(), None
        )
    return error
