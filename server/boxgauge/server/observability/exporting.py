"""Traces are switched on here, and nothing of OpenTelemetry is imported before that."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from boxgauge.frames import FailedPreconditionError
from boxgauge.server.observability.spans import Tracing

_LOG = logging.getLogger(__name__)
_FLUSH_S = 1.0  # of the drain, for spans that have not been sent yet


@contextmanager
def tracing_to(endpoint: str | None, version: str) -> Iterator[Tracing | None]:
    """Send traces to an OTLP endpoint over gRPC while this is open.

    Spans wait in a queue of bounded length and are sent in a thread of their own: an endpoint
    that does not answer costs spans, never a call.

    Args:
        endpoint: ``http://host:port``, or ``https://`` with TLS; None: there are no traces.
        version: Of the service.

    Raises:
        FailedPreconditionError: OpenTelemetry is not installed.
    """
    if endpoint is None:
        yield None
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from boxgauge.server.observability.otel import OpenTelemetry, provider_to
    except ImportError as error:
        raise FailedPreconditionError(
            f"traces are asked for ({endpoint}) and {error.name} is not installed: install"
            " BoxGauge with its extra [otel], or say BOXGAUGE_TRACES=off",
            field="BOXGAUGE_TRACES",
            value=endpoint,
        ) from None
    exporter = OTLPSpanExporter(endpoint=endpoint)
    provider = provider_to(BatchSpanProcessor(exporter), version)
    try:
        yield OpenTelemetry(provider, version)
    finally:
        # The SDK's own waits have no bound, and the drain has one.
        flush = threading.Thread(target=provider.force_flush, name="traces", daemon=True)
        flush.start()
        flush.join(_FLUSH_S)
        if flush.is_alive():
            _LOG.warning("not all traces could be sent to %s within %s s", endpoint, _FLUSH_S)
            exporter.shutdown()
        else:
            provider.shutdown()
