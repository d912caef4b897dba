"""What gRPC's four kinds of handlers have in common."""

from typing import Any

import grpc

# grpc's handler types carry no usable types for all kinds at once.
Handler = Any


def behaviour_of(handler: Handler) -> Any:  # noqa: ANN401
    """Return the function of a handler."""
    return (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )


def like(handler: Handler, behaviour: Any, deserializer: Any) -> Handler:  # noqa: ANN401
    """Return a handler of the same kind with another function and another way to decode."""
    kind = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[handler.request_streaming, handler.response_streaming]
    return kind(behaviour, deserializer, handler.response_serializer)
