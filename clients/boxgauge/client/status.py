"""gRPC statuses as this project's errors."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    DataLossError,
    FailedPreconditionError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
    UnavailableError,
)

_ERRORS: dict[grpc.StatusCode, type[BoxGaugeError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidInputError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExistsError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhaustedError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.DATA_LOSS: DataLossError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: UnavailableError,
}


_OVERSIZE = re.compile(r"message larger than max \((\d+) vs\. (\d+)\)")


@contextmanager
def translated(target: str) -> Iterator[None]:
    """Raise what the service says as a `BoxGaugeError` with its field and value."""
    try:
        yield
    except grpc.RpcError as error:
        raise error_from(error, target) from None


def error_from(error: Any, target: str) -> BoxGaugeError:  # noqa: ANN401  # RpcError has no methods
    """Return the error that a failed call stands for.

    The field comes from the status's ``google.rpc.BadRequest`` and the value from its
    ``google.rpc.ErrorInfo``, where the service sent them.
    """
    code: grpc.StatusCode = error.code()
    text = " ".join((error.details() or "").split())
    if code is grpc.StatusCode.UNAVAILABLE:
        message = f"no answer from {target}: {text or 'unavailable'}"
        if "Connection refused" in text:
            message = f"nothing answers at {target}: is `boxgauge serve` running there?"
    elif code is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"no answer from {target} in time"
    elif code in _ERRORS:
        message = text or code.name
    else:
        message = f"{target} failed with {code.name}: {text}"
    field, value = _field_and_value(error)
    oversize = _OVERSIZE.search(text)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and oversize:
        # gRPC's own words, which know nothing of this service's setting.
        sent, most = oversize.groups()
        field, value = "message", f"{sent} bytes"
        message = (
            f"message must be at most {most} bytes: got {value}; send fewer images a message, "
            "or raise BOXGAUGE_MAX_MESSAGE_BYTES of the service"
        )
    found = _ERRORS.get(code, BoxGaugeError)(message, field=field, value=value)
    found.retry_after_s = _retry_after_s(error)
    return found


def _details(error: Any) -> Sequence[Any]:  # noqa: ANN401  # RpcError has no methods
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details contradict the status: a foreign server
        return ()
    return status.details if status is not None else ()


def _retry_after_s(error: Any) -> float | None:  # noqa: ANN401  # likewise
    for detail in _details(error):
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            return float(retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9)
    return None


def _field_and_value(error: Any) -> tuple[str, str]:  # noqa: ANN401  # likewise
    field, value = "", ""
    for detail in _details(error):
        bad_request = error_details_pb2.BadRequest()
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(bad_request) and bad_request.field_violations:
            field = bad_request.field_violations[0].field
        elif detail.Unpack(info):
            field = field or info.metadata.get("field", "")
            value = info.metadata.get("value", "")
    return field, value
