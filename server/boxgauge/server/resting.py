"""Around every RPC: a client that is turned away may finish what it is writing.

Where a stream ends while its client writes, grpc.aio fails the write with an INTERNAL of its own
making, and the service's status is lost: of 40 streams of five messages to an unknown monitor, 33.
Anybody can be turned away, without a token too: what is read for that is not decoded, and bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Self

import grpc

from boxgauge.frames import BoxGaugeError
from boxgauge.server.handlers import behaviour_of, like
from boxgauge.server.messages import EOF

# A client that sends nothing for so long waits for an answer.
QUIET_S = 0.05
# One that goes on and on is not waited for.
LONGEST_S = 0.5
# Of one stream: each message takes turns of the event loop, and is read whole before it is counted.
MOST_MESSAGES, MOST_BYTES = 256, 16 * 2**20
# Streams that are read on at a time.
MOST_STREAMS = 64

# How the reading of a refused stream ended; "streams": it did not begin, for as many were read on.
ENDS = ("quiet", "time", "amount", "streams")

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Resting(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Holds an error of a stream back until its client is quiet, for half a second at most.

    Must stand within `Answering`, and around all whose errors are meant.

    Args:
        on_end: Told of each refused stream, by one of `ENDS`.
    """

    def __init__(self, on_end: Callable[[str], None]) -> None:
        self._on_end = on_end
        self._at_rest = 0

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
        # gRPC asks for a handler at each call: this is of one call alone.
        reader = _Reader(handler.request_deserializer)

        async def answer(requests: Message, context: Context) -> Message:
            try:
                return await behaviour(reader.messages(requests), context)
            except BoxGaugeError:
                await self._rest(context, reader)
                raise

        async def answers(requests: Message, context: Context) -> AsyncIterator[Message]:
            try:
                async with aclosing(behaviour(reader.messages(requests), context)) as made:
                    async for each in made:
                        yield each
            except BoxGaugeError:
                await self._rest(context, reader)
                raise

        wrapped = answers if handler.response_streaming else answer
        return like(handler, wrapped, reader.take)

    async def _rest(self, context: Context, reader: "_Reader") -> None:
        if self._at_rest >= MOST_STREAMS:
            self._on_end("streams")
            return
        self._at_rest += 1
        try:
            self._on_end(await _read_on(context, reader))
        finally:
            self._at_rest -= 1


class _Reader:
    """Decodes the messages of a call, and once it is refused only counts their bytes.

    Args:
        decode: As the call's method does; None: its messages are bytes.

    Attributes:
        is_reading: Whether the method waits for a message, or gave up while it did.
    """

    __slots__ = ("_decode", "_is_dropping", "_messages", "_size", "is_reading")

    def __init__(self, decode: Callable[[bytes], Message] | None) -> None:
        self._decode = decode
        self._is_dropping = self.is_reading = False
        self._messages = self._size = 0

    @property
    def is_full(self) -> bool:
        """Return whether as much was dropped as may be."""
        return self._messages >= MOST_MESSAGES or self._size >= MOST_BYTES

    def messages(self, requests: AsyncIterator[Message]) -> "_Noted":
        """Return the messages of the call."""
        return _Noted(self, requests)

    def drop(self) -> None:
        """Decode no more."""
        self._is_dropping = True

    def take(self, raw: bytes) -> Message:
        """Return the message, or None in place of one that is dropped."""
        if self._is_dropping:
            self._messages += 1
            self._size += len(raw)
            return None
        return raw if self._decode is None else self._decode(raw)


class _Noted:
    """Messages of a call, while its reader knows whether one is waited for; keeps none of them."""

    def __init__(self, reader: _Reader, requests: AsyncIterator[Message]) -> None:
        self._reader = reader
        self._requests = requests

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        self._reader.is_reading = True
        try:
            message = await anext(self._requests)
        except StopAsyncIteration:
            self._reader.is_reading = False
            raise
        self._reader.is_reading = False
        return message


async def _read_on(context: Context, reader: _Reader) -> str:
    """Read and drop messages until there are none for a while; returns what ended it."""
    reader.drop()
    clock = asyncio.get_running_loop().time
    longest = clock() + LONGEST_S
    if reader.is_reading:
        # gRPC goes on with a read that was given up, and until that has taken a message, another
        # one finds the stream at its end.
        await asyncio.sleep(min(QUIET_S, LONGEST_S))
    try:
        async with asyncio.timeout_at(min(clock() + QUIET_S, longest)) as quiet:
            while await context.read() is not EOF:
                if reader.is_full:
                    return "amount"
                quiet.reschedule(min(clock() + QUIET_S, longest))
    except TimeoutError:
        return "quiet" if clock() < longest else "time"
    except grpc.aio.BaseError:  # the client, or the service, is on its way out
        pass
    return "quiet"
