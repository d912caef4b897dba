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

from boxgauge.frames import ResourceExhaustedError
from boxgauge.server.callers import CALLER
from boxgauge.server.service.cutting import Unsent
from boxgauge.server.service.parsing import all_readable, parsing, readable
from boxgauge.server.telemetry import Telemetry

# A probe must get through however busy the service is, or it is restarted for being busy.
_ALWAYS = frozenset({"/grpc.health.v1.Health/Check"})
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
    """

    def __init__(self, telemetry: Telemetry, *, most_calls: int, unread_s: float) -> None:
        self._most_calls = most_calls
        self._unsent = Unsent(telemetry.unread, unread_s=unread_s, most_bytes=_MOST_UNSENT)
        self._running = 0
        self._of_caller: Counter[str] = Counter()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this one around it."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or method in _ALWAYS:
            return handler
        wrap = self._streaming if handler.response_streaming else self._single
        kind, behaviour = {
            (False, False): (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
            (False, True): (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
            (True, False): (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
            (True, True): (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
        }[handler.request_streaming, handler.response_streaming]
        read = all_readable if handler.request_streaming else readable
        wrapped = wrap(
            method.removeprefix("/"),
            lambda request, context: behaviour(read(request), context),
        )
        return kind(wrapped, parsing(handler.request_deserializer), handler.response_serializer)

    def _single(self, method: str, behaviour: Handler) -> Handler:
        async def answer(request: Message, context: Context) -> Message:
            self._admit(context)
            made = await behaviour(request, context)
            self._until_sent(method, made.ByteSize())
            return made

        return answer

    def _streaming(self, method: str, behaviour: Handler) -> Handler:
        async def answers(request: Message, context: Context) -> AsyncIterator[Message]:
            self._admit(context)
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

    def _admit(self, context: Context) -> None:
        """Count the call as running until its task ends, which is when its answer has gone out.

        Raises:
            ResourceExhaustedError: There are as many as there may be.
        """
        # A call is a task of its own: what is set here ends with it.
        caller = CALLER.get() or str(context.peer())
        CALLER.set(caller)
        most = self._most_calls
        if self._of_caller[caller] >= _FEW:
            most -= most // _KEPT
        if self._running >= most:
            raise ResourceExhaustedError(
                f"at most {self._most_calls} calls may run, and {self._running} do: call again"
                " later",
                field="max_concurrent_streams",
                value=self._most_calls,
            )
        self._running += 1
        self._of_caller[caller] += 1

        def ended(_: object) -> None:
            self._running -= 1
            self._of_caller[caller] -= 1
            if not self._of_caller[caller]:
                del self._of_caller[caller]

        _task().add_done_callback(ended)

    def _until_sent(self, method: str, size: int) -> None:
        """Watch over the last answer, which gRPC sends after this returns."""
        number = self._unsent.begin(method, size)
        _task().add_done_callback(lambda _: self._unsent.end(number))


def _task() -> "asyncio.Task[Any]":
    return cast("asyncio.Task[Any]", asyncio.current_task())
