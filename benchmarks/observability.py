"""What logs, request ids, metrics and traces cost on the way of a frame.

The first table is of single steps, in this process: CPU time, the best of several rounds, since all
that disturbs a round makes it longer. The second is a service in a process of its own that takes
the same messages of 16 images (100 detections and 10 ground truths each), watched for its CPU time,
with logs and traces on and off in turns; traces go to a receiver that takes and forgets them.
"""

import argparse
import asyncio
import io
import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
from messages import make_traffic
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as rpc
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from prometheus_client import CollectorRegistry
from served import serve
from stream import stream
from timing import machine

from boxgauge.server.observability import calls
from boxgauge.server.observability.logs import JsonLines, TextLines
from boxgauge.server.observability.otel import OpenTelemetry, provider_to
from boxgauge.server.observability.tracing import begin_span, span
from boxgauge.server.workings import Workings

IMAGES = 16
_SAMPLED = {
    "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
    "OTEL_TRACES_SAMPLER_ARG": "0.01",
}


class Nowhere(SpanExporter):
    """Takes spans and forgets them."""

    def export(self, spans: object) -> SpanExportResult:
        """Forget them."""
        return SpanExportResult.SUCCESS


class Receiver(rpc.TraceServiceServicer):
    """Takes traces over gRPC and counts them."""

    spans = 0

    def Export(  # noqa: N802 (gRPC's name)
        self, request: pb.ExportTraceServiceRequest, context: object
    ) -> pb.ExportTraceServiceResponse:
        """Count the spans of a request."""
        self.spans += sum(
            len(scope.spans) for of in request.resource_spans for scope in of.scope_spans
        )
        return pb.ExportTraceServiceResponse()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3200, help="a round of the service")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--turns", type=int, default=20_000, help="of a single step, a round")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n")
    print("| step | µs |\n|---|---|")
    for name, step in steps():
        print(f"| {name} | {microseconds(step, given.turns, given.repeats):.2f} |", flush=True)
    print("\n| service | CPU µs an image | images/s | spans received |\n|---|---|---|---|")
    of_service(given.images, given.repeats)


def microseconds(step: Callable[[], object], turns: int, rounds: int) -> float:
    """Return the time of one step: the best round's mean."""
    best = float("inf")
    for _ in range(rounds):
        started = time.thread_time()
        for _ in range(turns):
            step()
        best = min(best, time.thread_time() - started)
    return best / turns * 1e6


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each step with what it is called."""
    log = logging.getLogger("boxgauge.benchmark")
    log.propagate = False
    log.setLevel(logging.INFO)
    calls.at_monitor("street")
    calls.begin(calls.Call("0123456789abcdef", "boxgauge.v1.MonitorService/Observe", "ipv4:::1"))

    def of_rpc() -> None:
        made = calls.request_id(None)
        calls.begin(calls.Call(made, "boxgauge.v1.MonitorService/Observe", "ipv4:127.0.0.1:1"))

    yield "an RPC: a request id is made and kept", of_rpc
    yield "a log line below the level", lambda: log.debug("frames %d", 16)
    for name, formatter in (("text", TextLines()), ("JSON", JsonLines())):
        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(formatter)

        def written(handler: logging.Handler = handler) -> None:
            log.handlers = [handler]
            log.info("frames %d", 16)

        yield f"a log line as {name}, to memory", written
    yield "the spans of a message, traces off", message_spans
    workings = Workings(CollectorRegistry())
    waiting = [workings.waiting(queue) for queue in ("executor", "journal", "line")]

    def metrics() -> None:
        for each in waiting:
            each(0.001)
        workings.answered(32, 0.0)
        workings.matched(16, 1000, (0.001,))

    yield "the new metrics of a message", metrics
    provider = provider_to(SimpleSpanProcessor(Nowhere()), "0")
    traced = calls.Call("0123456789abcdef", "s/M", "ipv4:::1", OpenTelemetry(provider, "0"))

    def on() -> None:
        calls.begin(traced)
        message_spans()

    yield "the spans of a message, traces on, sent nowhere", on


def message_spans() -> None:
    """Go through the spans of one message of `Observe`."""
    message = begin_span("message", sequence=7, monitor="street")
    with message.use():
        for name in ("decode", "validate", "journal", "match", "apply"):
            with span(name):
                pass
    message.end()


def of_service(images: int, repeats: int) -> None:
    """Print a row for each way to run the service."""
    traffic = make_traffic(images, in_message=IMAGES, seed=0)
    with receiving() as (endpoint, receiver):
        ways: dict[str, dict[str, str]] = {
            "text log, no traces (the default)": {},
            "JSON log at level debug": {
                "BOXGAUGE_LOG_FORMAT": "json",
                "BOXGAUGE_LOG_LEVEL": "debug",
            },
            "all traces": {"BOXGAUGE_TRACES": endpoint},
            "one stream in 100 traced": {"BOXGAUGE_TRACES": endpoint, **_SAMPLED},
        }
        cpus: dict[str, list[float]] = {name: [] for name in ways}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        spans = dict.fromkeys(ways, 0)
        # The ways take turns, and the first round of each only warms up.
        for k in range(repeats + 1):
            for name, environment in ways.items():
                before = receiver.spans
                with environed(environment), serve(max_held_boxes=10**8) as service:
                    server = service.address, service.process
                    asyncio.run(stream(server, traffic))  # the first stream is slower
                    seconds, cpu = asyncio.run(stream(server, traffic))
                if k:
                    cpus[name].append(cpu / images * 1e6)
                    rates[name].append(images / seconds)
                    spans[name] += receiver.spans - before
    for name in ways:
        found = statistics.median(cpus[name]), statistics.median(rates[name])
        print(f"| {name} | {found[0]:.0f} | {found[1]:,.0f} | {spans[name]:,} |")


@contextmanager
def receiving() -> Iterator[tuple[str, Receiver]]:
    """Run a receiver of traces and yield its endpoint."""
    receiver, server = Receiver(), grpc.server(ThreadPoolExecutor(1))
    add: Any = rpc.add_TraceServiceServicer_to_server
    add(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", receiver
    finally:
        server.stop(0).wait()


@contextmanager
def environed(more: dict[str, str]) -> Iterator[None]:
    """Have these variables set for a while."""
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]


if __name__ == "__main__":
    main()
