"""Traces by OpenTelemetry, an extra that is imported only where traces are asked for."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from boxgauge.server.observability.spans import Attribute

if TYPE_CHECKING:
    from boxgauge.server.observability.spans import Span

_NAME = "boxgauge"
_PROPAGATOR = TraceContextTextMapPropagator()


class OtelSpan:
    """One span of OpenTelemetry's."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.trace_id = trace.format_trace_id(span.get_span_context().trace_id)

    def use(self) -> AbstractContextManager[object]:
        """Make it the parent of the spans that are begun within."""
        return trace.use_span(self._span, end_on_exit=False, record_exception=False)

    def enter(self) -> None:
        """Make it the parent of what this task begins from now on."""
        contexts.attach(trace.set_span_in_context(self._span))

    def end(self, status: str = "OK", *, is_fault: bool = False) -> None:
        """End it with a status; only a fault of the service is an error of its span."""
        self._span.set_attribute("rpc.response.status_code", status)
        if is_fault:
            self._span.set_status(trace.StatusCode.ERROR, status)
        self._span.end()


class OpenTelemetry:
    """Spans through a provider of its own: nothing global is set or used.

    Args:
        provider: Keeps, samples and sends them.
        version: Of the service.
    """

    def __init__(self, provider: TracerProvider, version: str) -> None:
        self._tracer = provider.get_tracer(_NAME, version)

    def rpc(
        self, method: str, metadata: Mapping[str, str], attributes: Mapping[str, Attribute]
    ) -> "Span":
        """Begin the span of an RPC, below that of the caller where it names one."""
        parent = _PROPAGATOR.extract(dict(metadata), contexts.Context())
        given = {"rpc.system.name": "grpc", "rpc.method": method, **attributes}
        kind = trace.SpanKind.SERVER
        return OtelSpan(self._tracer.start_span(method, parent, kind, given))

    def begin(self, name: str, attributes: Mapping[str, Attribute]) -> "Span":
        """Begin a span below the current one."""
        return OtelSpan(self._tracer.start_span(name, attributes=dict(attributes)))

    @contextmanager
    def within(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[None]:
        """Return a context that is a span below the current one."""
        # An exception's words may hold what a caller sent: only its type is kept.
        with self._tracer.start_as_current_span(
            name, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                raise


def resource(version: str) -> Resource:
    """Return what the spans say of where they come from; OTEL_RESOURCE_ATTRIBUTES wins."""
    given = Resource.create()
    named = str(given.attributes.get(SERVICE_NAME, ""))
    own = {SERVICE_VERSION: version}
    if not named or named.startswith("unknown_service"):
        own[SERVICE_NAME] = _NAME
    return given.merge(Resource(own))


def provider_to(processor: SpanProcessor, version: str) -> TracerProvider:
    """Return what gives its spans to this processor; the environment may name a sampler."""
    provider = TracerProvider(resource=resource(version), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider
