"""Around every RPC: errors become status, time is taken, unknown faults are logged once."""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import grpc
from grpc.aio import AbortError

from boxgauge.frames import BoxGaugeError
from boxgauge.server.messages import keeping_none
from boxgauge.server.observability import calls
from boxgauge.server.observability.spans import NO_SPAN, Span, Tracing
from boxgauge.server.service.status import status_of
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)

_UNWIND_S = 0.5
# Codes whose fault is the service's and not the caller's.
_FAULTS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Answering(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Wraps each served method; methods that do not exist are left to gRPC.

    Args:
        telemetry: Counts them.
        tracing: Gets their spans; None: there are none.
    """

    def __init__(self, telemetry: Telemetry, tracing: Tracing | None = None) -> None:
        self._telemetry = telemetry
        self._tracing = tracing
        self._running: set[asyncio.Task[Any]] = set()

    async def unwound(self) -> None:
        """Return once RPCs that were just cancelled have ended, or after half a second.

        gRPC cancels what outlives the drain without waiting for it. What the end of the
        event loop cancelled instead would be logged as a fault, with a traceback.
        """
        if self._running:
            await asyncio.wait(self._running, timeout=_UNWIND_S)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Return the method's handler with this one around it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        # A method with a handler is one of our own table, so it may be a metric's label.
        method = str(handler_call_details.method).removeprefix("/")
        behaviour = (
            handler.unary_unary
            or handler.unary_stream
            or handler.stream_unary
            or handler.stream_stream
        )
        if handler.request_streaming:
            behaviour = keeping_none(behaviour)
        wrapped = (self._streaming if handler.response_streaming else self._single)(
            method, behaviour
        )
        kind = {
            (False, False): grpc.unary_unary_rpc_method_handler,
            (False, True): grpc.unary_stream_rpc_method_handler,
            (True, False): grpc.stream_unary_rpc_method_handler,
            (True, True): grpc.stream_stream_rpc_method_handler,
        }[handler.request_streaming, handler.response_streaming]
        return kind(wrapped, handler.request_deserializer, handler.response_serializer)

    def _single(self, method: str, behaviour: Handler) -> Handler:
        async def answer(request: Message, context: Context) -> Message:
            try:
                async with self._watched(method, context):
                    _note_monitor(request)
                    return await behaviour(request, context)
            except AbortError as aborted:
                del request, context
                raise _without_frames(aborted)  # noqa: B904 (what it came from has been told)

        return answer

    def _streaming(self, method: str, behaviour: Handler) -> Handler:
        async def answers(request: Message, context: Context) -> AsyncIterator[Message]:
            try:
                async with self._watched(method, context):
                    _note_monitor(request)
                    made = behaviour(request, context)
                    if inspect.isawaitable(made):  # writes its answers itself
                        await made
                        return
                    # Closed here and not by the garbage collector: a cancelled stream ends at once.
                    async with aclosing(made):
                        async for answer in made:
                            yield answer
            except AbortError as aborted:
                made = None
                del request, context
                raise _without_frames(aborted)  # noqa: B904 (what it came from has been told)

        return answers

    def _begin(self, method: str, context: Context) -> tuple[calls.Call, Span]:
        """Say whose call this task answers from now on, and give the caller its request id."""
        metadata = dict(context.invocation_metadata() or ())
        given = metadata.get(calls.REQUEST_ID)
        call = calls.Call(calls.request_id(given), method, context.peer(), self._tracing)
        context.set_trailing_metadata(_trailing(call))
        calls.begin(call)
        if self._tracing is None:
            return call, NO_SPAN
        texts = {key: value for key, value in metadata.items() if isinstance(value, str)}
        about = {"boxgauge.request_id": call.request_id, "network.peer.address": call.peer}
        span = self._tracing.rpc(method, texts, about)
        span.enter()
        call.trace_id = span.trace_id
        return call, span

    @asynccontextmanager
    async def _watched(self, method: str, context: Context) -> AsyncIterator[None]:
        started = time.perf_counter()
        code = grpc.StatusCode.OK
        call, span = self._begin(method, context)
        in_flight = self._telemetry.rpc_begins(method)
        # gRPC runs each RPC in a task of its own.
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._running.add(task)
        try:
            yield
        except BoxGaugeError as error:
            status = status_of(error)
            code = status.code
            if code in _FAULTS:
                _LOG.error("%s ended with %s: %s", method, code.name, error)
            trailing = (*status.trailing_metadata, *_trailing(call))
            await context.abort(code, status.details, trailing)
        except (asyncio.CancelledError, GeneratorExit):
            code = grpc.StatusCode.CANCELLED
            raise
        except AbortError:
            code = context.code() or grpc.StatusCode.UNKNOWN
            raise
        except Exception:  # noqa: BLE001 (unknown faults become INTERNAL, logged once)
            code = grpc.StatusCode.INTERNAL
            _LOG.exception("%s failed", method)
            said = f"internal error: the server's log says more of request {call.request_id}"
            await context.abort(code, said, _trailing(call))
        finally:
            seconds = time.perf_counter() - started
            self._running.discard(task)
            del task  # which keeps the error, that keeps this frame
            in_flight.dec()
            self._telemetry.rpc(method, code.name, seconds)
            span.end(code.name, is_fault=code in _FAULTS)
            if _LOG.isEnabledFor(logging.DEBUG):
                _LOG.debug("%s ended with %s after %.6f s", method, code.name, seconds)


def _without_frames(aborted: AbortError) -> AbortError:
    """Return the error that ends a call, without the frames it has come through.

    The call keeps it, and the frames keep the call and its message: nothing of these would be let
    go of before the garbage collector comes by, which for what is old may be in an hour.
    """
    aborted.__context__ = None
    return aborted.with_traceback(None)


def _trailing(call: calls.Call) -> tuple[tuple[str, str], ...]:
    return ((calls.REQUEST_ID, call.request_id),)


def _note_monitor(request: Message) -> None:
    """Say which monitor the call is about, where its one request names one."""
    name = getattr(request, "monitor", "")
    if name:
        calls.at_monitor(name)
