"""Which calls begin, and which are cut off: bounds on calls, and on the wait for their readers.

And which messages are none.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, cast

import grpc

from boxgauge.frames import InvalidInputError, ResourceExhaustedError
from boxgauge.server.callers import CALLER
from boxgauge.server.service.cutting import Unsent
from boxgauge.server.service.parsing import RECEIVED, all_readable, parsing, readable
from boxgauge.server.telemetry import Telemetry

# A probe must get through however busy the service is, or it is restarted for being busy.
_ALWAYS = frozenset(
    {
        "grpc.health.v1.Health/Check",
        "inference.GRPCInferenceService/ServerLive",
        "inference.GRPCInferenceService/ServerReady",
    }
)
# Needs no token and lasts: it must not take the places of calls that do.
_WATCH = "grpc.health.v1.Health/Watch"
# Clients that look after health take one for each connection; each is some 60 KiB.
MAX_WATCHES, MAX_WATCHES_OF_CONNECTION = 256, 16
# A request that is answered by a stream is held for as long as that: it says what is asked for.
MAX_ASKED = 65_536
# The last eighth of all calls is kept for callers that have no more than this many.
_FEW, _KEPT = 8, 8
_MOST_UNSENT = 128 * 2**20  # bytes of answers that wait for their readers, serialised

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Admission(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Refuses calls beyond a bound, and cancels those whose answers are not read.

    Stands within the interceptor that turns errors into statuses.

    Args:
        telemetry: Counts what is cut off.
        most_calls: Calls at a time.
        unread_s: Seconds that an answer may wait for its reader.
        most_request_bytes: Of requests that are held until their answers have been read.
    """

    def __init__(
        self, telemetry: Telemetry, *, most_calls: int, unread_s: float, most_request_bytes: int
    ) -> None:
        self._most_calls = most_calls
        self._unsent = Unsent(
            telemetry.unread,
            unread_s=unread_s,
            most_bytes=_MOST_UNSENT,
            most_request_bytes=most_request_bytes,
        )
        self._calls, self._watches = _Running(), _Running()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this one around it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = str(handler_call_details.method).removeprefix("/")
        wrap = self._streaming if handler.response_streaming else self._single
        kind, behaviour = {
            (False, False): (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
            (False, True): (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
            (True, False): (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
            (True, True): (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
        }[handler.request_streaming, handler.response_streaming]
        read = all_readable if handler.request_streaming else readable
        wrapped = wrap(
            method,
            lambda request, context: behaviour(read(request), context),
            is_alone=not handler.request_streaming,
        )
        return kind(wrapped, parsing(handler.request_deserializer), handler.response_serializer)

    def _single(self, method: str, behaviour: Handler, *, is_alone: bool) -> Handler:
        async def answer(request: Message, context: Context) -> Message:
            self._admit(method, context)
            made = await behaviour(request, context)
            # The one message, as it came and as protobuf, is gRPC's until the answer has gone out.
            self._until_sent(method, made.ByteSize(), 2 * RECEIVED.get() if is_alone else 0)
            return made

        return answer

    def _streaming(self, method: str, behaviour: Handler, *, is_alone: bool) -> Handler:
        async def answers(request: Message, context: Context) -> AsyncIterator[Message]:
            self._admit(method, context)
            if is_alone and RECEIVED.get() > MAX_ASKED:
                found = f"of {RECEIVED.get()} bytes"
                raise InvalidInputError.at("message", found, f"of at most {MAX_ASKED}")
            made = behaviour(request, context)
            if inspect.isawaitable(made):  # writes its answers itself
                await made
                return
            async with aclosing(made):
                async for each in made:
                    number = self._unsent.begin(method, each.ByteSize())
                    try:
                        yield each
                    finally:
                        self._unsent.end(number)
            self._until_sent(method, 0)

        return answers

    def _admit(self, method: str, context: Context) -> None:
        """Count the call as running until its task ends, which is when its answer has gone out.

        Raises:
            ResourceExhaustedError: There are as many as there may be.
        """
        # A call is a task of its own: what is set here ends with it.
        caller = CALLER.get() or str(context.peer())
        CALLER.set(caller)
        if method == _WATCH:
            self._admit_watch(caller)
        elif method not in _ALWAYS:
            self._admit_call(caller)

    def _admit_call(self, caller: str) -> None:
        most = self._most_calls
        if self._calls.of_caller[caller] >= _FEW:
            most -= most // _KEPT
        if self._calls.total >= most:
            raise ResourceExhaustedError(
                f"at most {self._most_calls} calls may run, and {self._calls.total} do: call again"
                " later",
                field="max_concurrent_streams",
                value=self._most_calls,
            )
        self._calls.begin(caller)

    def _admit_watch(self, connection: str) -> None:
        for running, most, where in (
            (self._watches.of_caller[connection], MAX_WATCHES_OF_CONNECTION, " of a connection"),
            (self._watches.total, MAX_WATCHES, ""),
        ):
            if running >= most:
                raise ResourceExhaustedError(
                    f"at most {most} watches of health{where} may run, and {running} do: check, or"
                    " watch again later",
                    field="max_watches",
                    value=most,
                )
        self._watches.begin(connection)

    def _until_sent(self, method: str, size: int, request_bytes: int = 0) -> None:
        """Watch over the last answer, which gRPC sends after this returns."""
        number = self._unsent.begin(method, size, request_bytes)
        _task().add_done_callback(lambda _: self._unsent.end(number))


class _Running:
    """Counts calls from here to the end of their tasks, all of them and by caller."""

    def __init__(self) -> None:
        self.total = 0
        self.of_caller: Counter[str] = Counter()

    def begin(self, caller: str) -> None:
        self.total += 1
        self.of_caller[caller] += 1

        def ended(_: object) -> None:
            self.total -= 1
            self.of_caller[caller] -= 1
            if not self.of_caller[caller]:
                del self.of_caller[caller]

        _task().add_done_callback(ended)


def _task() -> "asyncio.Task[Any]":
    return cast("asyncio.Task[Any]", asyncio.current_task())
