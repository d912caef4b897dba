"""Traces are switched on here, and nothing of OpenTelemetry is imported before that."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from boxgauge.frames import FailedPreconditionError
from boxgauge.server.observability.spans import Tracing

_LOG = logging.getLogger(__name__)
# After the last call has ended, for its spans and those before it. Frames are counted and the
# journal is closed meanwhile, which may take longer.
_FLUSH_S = 0.5


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Traces:
    """Where spans go, and what a drain does for those that have not been sent yet.

    Attributes:
        tracing: Gets spans; None: there are none.
        flush: Sends what there is, in a thread.
    """

    tracing: Tracing | None = None
    flush: Callable[[], None] = _nothing


@contextmanager
def traces_to(endpoint: str | None, version: str) -> Iterator[Traces]:
    """Send traces to an OTLP endpoint over gRPC while this is open.

    Spans wait in a queue of bounded length and are sent in a thread of their own: an endpoint
    that does not answer costs spans, never a call. On leaving, what is not sent half a second
    after the last `Traces.flush` is dropped, and the log says how much was.

    Args:
        endpoint: ``http://host:port``, or ``https://`` with TLS; None: there are no traces.
        version: Of the service.

    Raises:
        FailedPreconditionError: OpenTelemetry is not installed.
    """
    if endpoint is None:
        yield Traces()
        return
    try:
        from boxgauge.server.observability.otel import OpenTelemetry
        from boxgauge.server.observability.otel_sending import Sending
    except ImportError as error:
        raise FailedPreconditionError(
            f"traces are asked for ({endpoint}) and {error.name} is not installed: install"
            " BoxGauge with its extra [otel], or say BOXGAUGE_TRACES=off",
            field="BOXGAUGE_TRACES",
            value=endpoint,
        ) from None
    sending = Sending(endpoint, version, flush_s=_FLUSH_S)
    try:
        yield Traces(OpenTelemetry(sending.provider, version), sending.flush)
    finally:
        sent, ended = sending.end()
        if sent < ended:
            _LOG.warning(
                "%d of %d spans were dropped: %s did not take them, the last ones within %s s",
                ended - sent,
                ended,
                endpoint,
                _FLUSH_S,
            )
