"""Around every RPC: bytes that are no message are the caller's fault, and are told so.

gRPC decodes before any interceptor's handler is called, and answers UNKNOWN with a traceback in the
log for each message that is none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from boxgauge.frames import InvalidInputError
from boxgauge.server.handlers import behaviour_of, like
from boxgauge.server.resting import rest

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any
Decode = Callable[[bytes], Message]


class Decoding(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Decodes in gRPC's place. Must stand within `Answering`, and around what reads messages."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this one around it."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_deserializer is None:
            return handler
        decode, behaviour = handler.request_deserializer, behaviour_of(handler)
        decoded = _each_decoded if handler.request_streaming else _decoded

        async def answer(request: Any, context: Context) -> Message:  # noqa: ANN401 (bytes, or many)
            return await behaviour(decoded(decode, request), context)

        async def answers(request: Any, context: Context) -> AsyncIterator[Message]:  # noqa: ANN401
            made = behaviour(decoded(decode, request), context)
            if not hasattr(made, "__aiter__"):  # writes its answers itself
                await made
                return
            async with aclosing(made):
                async for each in made:
                    yield each

        return like(handler, answers if handler.response_streaming else answer, None)


def _decoded(decode: Decode, raw: bytes) -> Message:
    try:
        return decode(raw)
    except DecodeError:
        raise InvalidInputError.at("message", f"{len(raw)} other bytes", "of its type") from None


async def _each_decoded(decode: Decode, messages: AsyncIterator[bytes]) -> AsyncIterator[Message]:
    async for raw in messages:
        try:
            message = _decoded(decode, raw)
        except InvalidInputError:
            await rest(aiter(messages))
            raise
        yield message
