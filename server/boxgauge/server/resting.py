"""Around every RPC: a client that is turned away may finish what it is writing.

Where a stream ends while its client writes, grpc.aio fails the write with an INTERNAL of its own
making, and the service's status is lost: of 40 streams of five messages to an unknown monitor, 33.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

import grpc

from boxgauge.frames import BoxGaugeError
from boxgauge.server.handlers import behaviour_of, like
from boxgauge.server.messages import EOF

# A client that sends nothing for so long waits for an answer.
QUIET_S = 0.05
# One that goes on and on is not waited for.
LONGEST_S = 0.5

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Resting(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Holds an error of a stream back until its client is quiet, for half a second at most.

    Must stand within `Answering`, and around all whose errors are meant.
    """

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler, with this one around it if it takes a stream."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler.request_streaming:
            return handler
        behaviour = behaviour_of(handler)

        async def answer(requests: Message, context: Context) -> Message:
            try:
                return await behaviour(requests, context)
            except BoxGaugeError:
                await _rest(context)
                raise

        async def answers(requests: Message, context: Context) -> AsyncIterator[Message]:
            try:
                async with aclosing(behaviour(requests, context)) as made:
                    async for each in made:
                        yield each
            except BoxGaugeError:
                await _rest(context)
                raise

        wrapped = answers if handler.response_streaming else answer
        return like(handler, wrapped, handler.request_deserializer)


async def _rest(context: Context) -> None:
    """Read and drop messages until there are none for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            while await _is_more(context):
                pass


async def _is_more(context: Context) -> bool:
    reading = asyncio.ensure_future(context.read())
    done, _ = await asyncio.wait([reading], timeout=QUIET_S)
    if not done:
        reading.cancel()
        return False
    if reading.cancelled() or reading.exception() is not None:
        # Whoever read before has left a read behind, which takes what comes meanwhile.
        await asyncio.sleep(QUIET_S)
        return False
    return reading.result() is not EOF
