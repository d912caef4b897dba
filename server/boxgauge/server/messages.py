"""Streams of requests that keep no message once it is given out.

gRPC's own iterator, like any generator, keeps each message until the next one is asked for and has
come. A stream may be idle for hours: its last message would stay in memory, counted nowhere.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Self

import grpc

EOF = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs lack it

# grpc's types carry no usable types for all kinds of handler at once.
Context = Any
Message = Any
Behaviour = Callable[[Message, Context], Any]


class Messages:
    """What a client sends, as it comes.

    Args:
        context: Of the call.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Message:
        """Return the next message."""
        message = await self._context.read()
        if message is EOF:
            raise StopAsyncIteration
        return message


class Checked:
    """Messages that pass a check, up to the first that does not.

    Args:
        messages: To be checked.
        check: Raises for one that does not pass.
    """

    def __init__(
        self, messages: AsyncIterator[Message], check: Callable[[Message], object]
    ) -> None:
        self._messages = messages
        self._check = check

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Message:
        """Return the next message.

        Raises:
            BoxGaugeError: It does not pass.
        """
        message = await anext(self._messages)
        self._check(message)
        return message


def keeping_none(behaviour: Behaviour) -> Behaviour:
    """Return the function of a handler of streams, told of a stream that keeps no message."""
    return lambda _, context: behaviour(Messages(context), context)
