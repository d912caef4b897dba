"""Both directions of an asynchronous stream: what is sent, and what is answered meanwhile."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import grpc.aio

from boxgauge.client.messages import Batch

T = TypeVar("T")
EOF = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it
Batches = Iterable[Batch | Sequence[Batch]] | AsyncIterable[Batch | Sequence[Batch]]


async def each_of(batches: Batches) -> AsyncIterator[Batch | Sequence[Batch]]:
    """Yield the messages of either kind of iterator."""
    if isinstance(batches, AsyncIterable):
        async for item in batches:
            yield item
    else:
        for item in batches:
            yield item


async def send_all(call: Any, requests: AsyncIterator[Any]) -> None:  # noqa: ANN401  # two call types
    """Write every request, until there are no more or the service has ended the call."""
    # A service that ended the call early says why in its status, which is read next.
    with suppress(asyncio.InvalidStateError):
        async for request in requests:
            await call.write(request)
        await call.done_writing()


async def next_answer(reader: asyncio.Task[T], sender: asyncio.Task[None]) -> T:
    """Return the next answer, or raise at once what the sender ran into."""
    if not sender.done():
        await asyncio.wait([reader, sender], return_when=asyncio.FIRST_COMPLETED)
    if sender.done() and not reader.done():
        await sender
    return await reader
