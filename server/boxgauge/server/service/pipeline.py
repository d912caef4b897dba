"""Answers a stream of requests in order while several of them are under way."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


async def in_order(
    requests: AsyncIterator[Q], start: Callable[[Q], "asyncio.Future[A]"], *, window: int
) -> AsyncGenerator[A, None]:
    """Yield the answer to each request, in order.

    Up to ``window`` requests are started before the first is answered, so that the
    engine runs several messages of one stream together; more are not read, which
    leaves queueing to HTTP/2 flow control. None is kept here once it is started. Those
    that are not answered when the stream ends are cancelled.

    Args:
        requests: The stream.
        start: Starts one request at once and returns what its answer is awaited on.
        window: Requests under way at a time, at least 1.
    """
    free = asyncio.Semaphore(window)
    started: asyncio.Queue[asyncio.Future[A] | None] = asyncio.Queue()  # bounded by what is free

    async def read() -> None:
        try:
            await free.acquire()
            async for request in requests:
                started.put_nowait(start(request))
                del request
                await free.acquire()
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
        answer = None  # else its error keeps this frame, which keeps it, until garbage is collected
        reader.cancel()
        while not started.empty():
            left = started.get_nowait()
            if left is not None:
                left.cancel()
                left.add_done_callback(_unasked)


def _unasked(left: "asyncio.Future[A]") -> None:
    """Take note of an error that nobody waits for any more."""
    if not left.cancelled():
        left.exception()
