"""Lets a client that is about to be turned away finish what it is writing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

# A client that sends nothing for so long waits for an answer.
QUIET_S = 0.05
# One that goes on and on is not waited for.
LONGEST_S = 0.5


async def rest(requests: AsyncIterator[Any]) -> None:
    """Read and drop messages until the client stops sending, for half a second at most.

    Where a stream ends while the client writes, grpc.aio fails the write with an INTERNAL of its
    own making, and the true status is lost.
    """
    with suppress(TimeoutError, StopAsyncIteration):
        async with asyncio.timeout(LONGEST_S):
            while True:
                await asyncio.wait_for(anext(requests), QUIET_S)
