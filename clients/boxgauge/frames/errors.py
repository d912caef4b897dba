"""The one error hierarchy; each class names the gRPC status it becomes."""

from typing import ClassVar


class BoxGaugeError(Exception):
    """Base of every error that a caller may be told about.

    Attributes:
        status: Name of the gRPC status code that this class becomes.
        field: The input at fault, as the caller spelled it (``boxes[3]``), or "".
        value: What was found there, or "".
        retry_after_s: When the service said to try again, seconds; None: it said nothing of it.
    """

    status: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, *, field: str = "", value: object = "") -> None:
        super().__init__(message)
        self.field = field
        self.value = str(value)
        self.retry_after_s: float | None = None


class InvalidInputError(BoxGaugeError):
    """A field holds what it may not hold."""

    status = "INVALID_ARGUMENT"

    @classmethod
    def at(cls, field: str, value: object, wanted: str) -> "InvalidInputError":
        """Return the error for one field: what was wanted there and what was found."""
        return cls(f"{field} must be {wanted}: got {value}", field=field, value=value)


class NotFoundError(BoxGaugeError):
    """The named monitor, model or graph does not exist."""

    status = "NOT_FOUND"


class AlreadyExistsError(BoxGaugeError):
    """The name, or another content under the same revision, is there already."""

    status = "ALREADY_EXISTS"


class FailedPreconditionError(BoxGaugeError):
    """The request is right, but not in the present state."""

    status = "FAILED_PRECONDITION"


class ResourceExhaustedError(BoxGaugeError):
    """A stated bound would be passed."""

    status = "RESOURCE_EXHAUSTED"


class UnavailableError(BoxGaugeError):
    """The service is starting or draining; the same call may succeed later."""

    status = "UNAVAILABLE"


class UnauthenticatedError(BoxGaugeError):
    """Who calls is not known: no token or certificate, or none that is valid."""

    status = "UNAUTHENTICATED"


class PermissionDeniedError(BoxGaugeError):
    """Who calls is known, and may not do this."""

    status = "PERMISSION_DENIED"


class DataLossError(BoxGaugeError):
    """What was kept cannot be read back as it was written."""

    status = "DATA_LOSS"


class GraphError(FailedPreconditionError):
    """A graph or its manifest is missing, corrupt or foreign."""


class ProviderError(FailedPreconditionError):
    """A required execution provider was not obtained."""
