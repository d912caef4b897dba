"""Messages that are no messages: a fault of the caller's, and not of the service's."""

from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any

from google.protobuf.message import DecodeError

from boxgauge.frames import InvalidInputError
from boxgauge.server.messages import Checked

Message = Any

# Bytes of the message that this task has read last: protobuf would encode it again to tell.
RECEIVED: ContextVar[int] = ContextVar("boxgauge_received", default=0)


class Unreadable:
    """Stands for bytes that do not parse, until somebody asks for the message."""


def parsing(deserializer: Callable[[bytes], Message]) -> Callable[[bytes], Message]:
    """Return a deserializer that notes the size, and fails later, where an error becomes a status.

    gRPC's own answer to bytes that do not parse is INTERNAL or UNKNOWN, with a traceback logged.
    """

    def parse(raw: bytes) -> Message:
        RECEIVED.set(len(raw))
        try:
            return deserializer(raw)
        except DecodeError:
            return Unreadable()

    return parse


def readable(message: Message) -> Message:
    """Return the message.

    Raises:
        InvalidInputError: It is none.
    """
    if isinstance(message, Unreadable):
        raise InvalidInputError.at("message", "bytes that are none", "one of the method's request")
    return message


def all_readable(messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
    """Return the messages up to the first that is none, which is an InvalidInputError."""
    return Checked(messages, readable)
