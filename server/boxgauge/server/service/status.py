"""Errors as gRPC status with google.rpc details: the one place where they are translated."""

import re
from typing import Any, cast

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    InvalidInputError,
    NotFoundError,
    ResourceExhaustedError,
    UnavailableError,
)

DOMAIN = "boxgauge"
# Details travel as trailing metadata, of which a client takes 8 KiB in all.
MAX_BYTES = 400
RETRY_S = 1
_LATER = (UnavailableError, ResourceExhaustedError)


def status_of(error: BoxGaugeError) -> grpc.Status:
    """Return the status: code, message, and what a program can read of the fault."""
    message = _cut(str(error))
    status = status_pb2.Status(code=code_pb2.Code.Value(error.status), message=message)
    for detail in _details(error, message):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    found: Any = rpc_status.to_status(status)
    if isinstance(error, _LATER):
        # What gRPC's own retries wait for, where a client has them.
        pushback = ("grpc-retry-pushback-ms", str(1000 * RETRY_S))
        found = found._replace(trailing_metadata=(*found.trailing_metadata, pushback))
    return cast("grpc.Status", found)


def _details(error: BoxGaugeError, message: str) -> list[Message]:
    field, value = _cut(error.field), _cut(error.value)
    info = error_details_pb2.ErrorInfo(
        reason=_reason(type(error)), domain=DOMAIN, metadata={"field": field, "value": value}
    )
    details: list[Message] = [info]
    if isinstance(error, InvalidInputError):
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=message)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    elif isinstance(error, NotFoundError | AlreadyExistsError):
        details.append(
            error_details_pb2.ResourceInfo(
                resource_type=f"{DOMAIN}.{field}", resource_name=value, description=message
            )
        )
    elif isinstance(error, _LATER):
        delay = duration_pb2.Duration(seconds=RETRY_S)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return details


def _cut(text: str) -> str:
    raw = text.encode(errors="replace")
    return text if len(raw) <= MAX_BYTES else raw[:MAX_BYTES].decode(errors="ignore") + "…"


def _reason(kind: type[BoxGaugeError]) -> str:
    """Return ``INVALID_INPUT`` for ``InvalidInputError``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__.removesuffix("Error")).upper()
