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
from boxgauge.server.service.status import status_of
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)

_UNWIND_S = 0.5

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Answering(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Wraps each served method; methods that do not exist are left to gRPC."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
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
            async with self._watched(method, context):
                return await behaviour(request, context)

        return answer

    def _streaming(self, method: str, behaviour: Handler) -> Handler:
        async def answers(request: Message, context: Context) -> AsyncIterator[Message]:
            async with self._watched(method, context):
                made = behaviour(request, context)
                if inspect.isawaitable(made):  # writes its answers itself
                    await made
                    return
                # Closed here and not by the garbage collector: a cancelled stream ends at once.
                async with aclosing(made):
                    async for answer in made:
                        yield answer

        return answers

    @asynccontextmanager
    async def _watched(self, method: str, context: Context) -> AsyncIterator[None]:
        started = time.perf_counter()
        code = grpc.StatusCode.OK
        # gRPC runs each RPC in a task of its own.
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._running.add(task)
        try:
            yield
        except BoxGaugeError as error:
            status = status_of(error)
            code = status.code
            await context.abort(code, status.details, status.trailing_metadata)
        except (asyncio.CancelledError, GeneratorExit):
            code = grpc.StatusCode.CANCELLED
            raise
        except AbortError:
            code = context.code() or grpc.StatusCode.UNKNOWN
            raise
        except Exception:  # noqa: BLE001 (unknown faults become INTERNAL, logged once)
            code = grpc.StatusCode.INTERNAL
            _LOG.exception("%s failed", method)
            await context.abort(code, "internal error: the server's log says more")
        finally:
            self._running.discard(task)
            self._telemetry.rpc(method, code.name, time.perf_counter() - started)
