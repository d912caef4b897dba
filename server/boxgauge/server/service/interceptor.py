"""Around every RPC: errors become status, time is taken, unknown faults are logged once."""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
from grpc.aio import AbortError

from boxgauge.frames import BoxGaugeError
from boxgauge.server.service.status import status_of
from boxgauge.server.telemetry import Telemetry

_LOG = logging.getLogger(__name__)

# grpc's handler types carry no usable types for both kinds of handler at once.
Context = Any
Handler = Any
Message = Any


class Answering(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # of any message types
    """Wraps each served method; methods that do not exist are left to gRPC."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

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
            self._telemetry.rpc(method, code.name, time.perf_counter() - started)
