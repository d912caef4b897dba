"""Sends spans to an OTLP receiver, ends in time, and knows how many it did not take."""

import threading
import time
from collections.abc import Callable, Sequence

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from boxgauge.server.observability.otel import provider_to

# For spans that end after the last flush, however late it is by then.
_LAST_S = 0.2


class Sending:
    """Spans in a queue of bounded length, and a thread that sends them.

    Args:
        endpoint: ``http://host:port``, or ``https://`` with TLS.
        version: Of the service.
        flush_s: How long the last ones may take.

    Attributes:
        provider: Takes spans.
    """

    def __init__(self, endpoint: str, version: str, *, flush_s: float) -> None:
        self._flush_s = flush_s
        self._exporter = _Exporter(endpoint)
        self._queue = _Queue(self._exporter)
        self.provider = provider_to(self._queue, version)
        self._flushing: threading.Thread | None = None
        self._until = 0.0

    def flush(self) -> None:
        """Send what has ended, in a thread; `end` waits for it."""
        self._until = time.monotonic() + self._flush_s
        self._flushing = _in_thread(self.provider.force_flush)

    def end(self) -> tuple[int, int]:
        """Return how many spans were taken and how many had ended, `flush_s` after the last flush.

        What was not sent by then is given up.
        """
        if self._flushing is not None:
            self._flushing.join(max(0.0, self._until - time.monotonic()))
            if self._flushing.is_alive():
                self._exporter.shutdown()  # or what comes now would wait behind it
        _in_thread(self.provider.shutdown).join(_LAST_S)
        self._exporter.shutdown()
        return self._exporter.taken, self._queue.ended


def _in_thread(wait: Callable[[], object]) -> threading.Thread:
    """Do what the SDK has no bound for: the drain has one."""
    thread = threading.Thread(target=wait, name="traces", daemon=True)
    thread.start()
    return thread


class _Exporter(SpanExporter):
    """Counts what the receiver has taken."""

    def __init__(self, endpoint: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint=endpoint)
        self._is_shut = False
        self.taken = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; the SDK calls this from one thread at a time."""
        if self._is_shut:
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.taken += len(spans)
        return result

    def shutdown(self) -> None:
        """Send no more, and end a call that waits for its answer."""
        if not self._is_shut:
            self._is_shut = True
            self._exporter.shutdown()


class _Queue(BatchSpanProcessor):
    """Counts what it was given to send."""

    def __init__(self, exporter: SpanExporter) -> None:
        super().__init__(exporter)
        self._counting = threading.Lock()
        self.ended = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span, which is dropped where the queue is full."""
        if span.context is not None and span.context.trace_flags.sampled:
            with self._counting:
                self.ended += 1
        super().on_end(span)
