"""Every RPC that the service offers, found by reflection, and called without knowing it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from grpc import aio
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from boxgauge.client.async_sending import EOF, send_all
from boxgauge.client.async_status import stream_translated
from boxgauge.frames import BoxGaugeError


@dataclass(frozen=True)
class Ended:
    """How a call ended: its first answer, or its status."""

    code: str
    details: str
    answer: Any = None

    @property
    def is_denied(self) -> bool:
        return self.code in ("UNAUTHENTICATED", "PERMISSION_DENIED")


async def offered(
    channel: aio.Channel, metadata: Sequence[tuple[str, str]] = ()
) -> dict[str, MethodDescriptor]:
    """Return every RPC by ``package.Service/Method``."""
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = [
        each async for each in stub.ServerReflectionInfo(_stream([asked]), metadata=metadata)
    ]
    pool = descriptor_pool.Default()
    names = [each.name for each in answer.list_services_response.service]
    return {
        f"{name}/{method.name}": method
        for name in names
        for method in pool.FindServiceByName(name).methods
    }


async def called(
    channel: aio.Channel,
    method: MethodDescriptor,
    monitors: Sequence[str],
    metadata: Sequence[tuple[str, str]],
) -> Ended:
    """Call an RPC with empty messages that name monitors, if they name any.

    Args:
        channel: To the service.
        method: Which one.
        monitors: A message each; one that takes a single message gets the first.
        metadata: Of the call.
    """
    kind = GetMessageClass(method.input_type)
    has_field = "monitor" in method.input_type.fields_by_name
    requests = [kind(monitor=name) if has_field else kind() for name in monitors]
    if not method.client_streaming:
        requests = requests[:1]
    made = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming](
        f"/{method.containing_service.full_name}/{method.name}",
        request_serializer=kind.SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    first = () if method.client_streaming else (requests[0],)
    call: Any = made(*first, metadata=tuple(metadata), timeout=10)
    try:
        # gRPC's own client makes up a status where a stream ends while it writes.
        async with stream_translated("the service", call):
            if method.client_streaming:
                await send_all(call, _stream(requests))
            if not method.server_streaming:
                return Ended("OK", "", await call)
            answer = last = await call.read()
            # One that is watched may never end; one that is sent to does.
            while method.client_streaming and last is not EOF:
                answer, last = last, await call.read()
            return Ended("OK", "", answer)
    except BoxGaugeError as error:
        return Ended(error.status, str(error))
    finally:
        call.cancel()


async def _stream(requests: Sequence[Any]) -> AsyncIterator[Any]:
    for each in requests:
        yield each
