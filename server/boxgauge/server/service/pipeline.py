"""Answers a stream of requests in order while several of them are under way."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


async def in_order(
    requests: AsyncIterator[Q], start: Callable[[Q], Awaitable[A]], *, window: int
) -> AsyncGenerator[A, None]:
    """Yield the answer to each request, in order.

    Up to ``window`` requests are started before the first is answered, so that the
    engine runs several messages of one stream together; more are not read, which
    leaves queueing to HTTP/2 flow control.

    Args:
        requests: The stream.
        start: Starts one request at once and returns what its answer is awaited on.
        window: Requests under way at a time, at least 1.
    """
    free = asyncio.Semaphore(window)
    started: asyncio.Queue[Awaitable[A] | None] = asyncio.Queue()  # bounded by what is free

    async def read() -> None:
        try:
            async for request in requests:
                await free.acquire()
                started.put_nowait(start(request))
        except Exception as fault:  # noqa: BLE001 (handed on, to be raised in its turn)
            failed: asyncio.Future[A] = asyncio.get_running_loop().create_future()
            failed.set_exception(fault)
            started.put_nowait(failed)
        started.put_nowait(None)

    reader = asyncio.create_task(read())
    try:
        while (answer := await started.get()) is not None:
            yield await answer
            free.release()
    finally:
        reader.cancel()
