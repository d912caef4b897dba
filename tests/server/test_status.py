"""Errors become a status with details that a program can read."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from boxgauge.frames import (
    AlreadyExistsError,
    BoxGaugeError,
    DataLossError,
    FailedPreconditionError,
    GraphError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    ResourceExhaustedError,
    UnavailableError,
)
from boxgauge.server.service.status import status_of


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (InvalidInputError.at("boxes[0].w", -3.0, "at least 0"), "INVALID_ARGUMENT", "BadRequest"),
        (NotFoundError("no", field="monitor", value="x"), "NOT_FOUND", "ResourceInfo"),
        (AlreadyExistsError("is", field="monitor"), "ALREADY_EXISTS", "ResourceInfo"),
        (ResourceExhaustedError("full"), "RESOURCE_EXHAUSTED", "RetryInfo"),
        (UnavailableError("later"), "UNAVAILABLE", "RetryInfo"),
        (FailedPreconditionError("not now"), "FAILED_PRECONDITION", "ErrorInfo"),
        (DataLossError("row 7 is damaged"), "DATA_LOSS", "ErrorInfo"),
        (GraphError("corrupt"), "FAILED_PRECONDITION", "ErrorInfo"),
        (ProviderError("no GPU"), "FAILED_PRECONDITION", "ErrorInfo"),
    ],
)
def test_every_error_has_its_code_and_details(error: BoxGaugeError, code: str, detail: str) -> None:
    status = status_of(error)
    assert status.code is grpc.StatusCode[code]
    assert status.details == str(error)
    message = status_pb2.Status.FromString(
        dict(status.trailing_metadata)["grpc-status-details-bin"]
    )
    kinds = [each.type_url.rpartition(".")[2] for each in message.details]
    assert kinds[0] == "ErrorInfo"
    assert detail in kinds


def test_a_bad_field_is_named_in_the_details() -> None:
    status = status_of(InvalidInputError.at("boxes[0].w", -3.0, "at least 0"))
    message = status_pb2.Status.FromString(
        dict(status.trailing_metadata)["grpc-status-details-bin"]
    )
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert message.details[0].Unpack(info)
    assert message.details[1].Unpack(request)
    assert info.reason == "INVALID_INPUT"
    assert dict(info.metadata) == {"field": "boxes[0].w", "value": "-3.0"}
    assert request.field_violations[0].field == "boxes[0].w"


def test_a_long_text_is_cut_to_what_metadata_can_carry() -> None:
    status = status_of(InvalidInputError.at("ö" * 10_000, "y" * 10_000, "short"))
    assert len(dict(status.trailing_metadata)["grpc-status-details-bin"]) < 4000
