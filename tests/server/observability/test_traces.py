"""Traces: whose child a call's span is, what lies below it, and that off means off."""

import asyncio
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as rpc
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from boxgauge.engine import Engine
from boxgauge.frames import FailedPreconditionError, InvalidInputError
from boxgauge.server import app as app_module
from boxgauge.server.observability import exporting
from boxgauge.server.observability.calls import Call, begin, share
from boxgauge.server.observability.exporting import Traces, traces_to
from boxgauge.server.observability.otel import OpenTelemetry, provider_to
from boxgauge.server.observability.spans import Tracing
from boxgauge.server.observability.tracing import span
from boxgauge.server.settings import read_settings, traces_endpoint
from boxgauge.v1 import monitor_pb2
from tests.integration.servers import ENVIRONMENT, served
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, stream, truths
from tests.server.conftest import Serve

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = ("traceparent", f"00-{TRACE}-{PARENT}-01")
SERVICE = "boxgauge.v1.MonitorService/"


class Spans:
    """The spans that have ended."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.provider: TracerProvider = provider_to(SimpleSpanProcessor(self._kept), "0.0")
        self.tracing: Tracing = OpenTelemetry(self.provider, "0.0")

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self._kept.get_finished_spans() if each.name == name]

    async def ended(self, name: str, count: int) -> list[ReadableSpan]:
        """Return the spans of this name: a call's span ends just after its answer has gone."""
        async with asyncio.timeout(10):
            while len(self.named(name)) < count:  # noqa: ASYNC110 (the SDK has no event)
                await asyncio.sleep(0.005)
        return self.named(name)

    async def once(self, name: str) -> ReadableSpan:
        (found,) = await self.ended(name, 1)
        return found


@pytest.fixture
async def traced(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Calls, Spans]]:
    spans = Spans()

    @contextmanager
    def kept(_: str | None, __: str) -> Iterator[Traces]:
        yield Traces(spans.tracing)

    monkeypatch.setattr(app_module, "traces_to", kept)
    async with serve() as (_, calls):
        yield calls, spans


def below(span: ReadableSpan) -> tuple[int, int]:
    assert span.parent is not None
    return span.parent.trace_id, span.parent.span_id


def itself(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


async def test_a_message_s_way_is_below_its_call_and_that_below_the_caller_s(
    traced: tuple[Calls, Spans],
) -> None:
    calls, spans = traced
    await calls.create()
    frames = both(predictions(PREDICTIONS), truths(TRUTHS))
    request = monitor_pb2.ObserveRequest(monitor="cam", model="m", sequence=7, frames=frames)
    metadata = (TRACEPARENT, ("x-request-id", "mine"))
    assert [a async for a in calls.monitors.Observe(stream([request]), metadata=metadata)]
    call = await spans.once(SERVICE + "Observe")
    assert below(call) == (int(TRACE, 16), int(PARENT, 16))
    assert call.attributes is not None
    assert call.attributes["boxgauge.request_id"] == "mine"
    assert call.attributes["rpc.response.status_code"] == "OK"
    assert call.status.is_unset
    message = await spans.once("message")
    assert below(message) == itself(call)
    assert message.attributes == {
        "sequence": 7,
        "monitor": "cam",
        "rpc.response.status_code": "OK",
    }
    for name in ("decode", "validate", "journal", "match", "apply"):
        assert below(await spans.once(name)) == itself(message), name

    await calls.monitors.GetReport(monitor_pb2.GetReportRequest(monitor="cam"))
    reporting = await spans.once(SERVICE + "GetReport")
    assert reporting.parent is None
    assert below(await spans.once("report")) == itself(reporting)


async def test_a_number_that_a_span_cannot_hold_is_cut(traced: tuple[Calls, Spans]) -> None:
    calls, spans = traced
    await calls.create()
    request = monitor_pb2.ObserveRequest(monitor="cam", sequence=2**64 - 1, frames=truths({1: []}))
    assert [a async for a in calls.monitors.Observe(stream([request]))]
    message = await spans.once("message")
    assert encode_spans([message]).resource_spans, "OTLP takes it"


async def test_messages_of_many_streams_are_below_their_own_calls(
    traced: tuple[Calls, Spans],
) -> None:
    calls, spans = traced
    await calls.create()

    async def observe(k: int) -> None:
        frames = [both(predictions({10 * k + n: []}), truths({10 * k + n: []})) for n in range(9)]
        assert len(await calls.observe(*frames)) == 9

    await asyncio.gather(*(observe(k) for k in range(4)))
    of_calls = {itself(each) for each in await spans.ended(SERVICE + "Observe", 4)}
    messages = spans.named("message")
    assert len(messages) == 36
    assert {below(each) for each in messages} == of_calls
    for name in ("decode", "validate", "journal", "match", "apply"):
        assert {below(e) for e in spans.named(name)} == {itself(e) for e in messages}, name


async def test_what_is_done_for_several_calls_together_is_a_span_of_each() -> None:
    spans = Spans()
    contexts = []

    async def call(k: int) -> None:
        begin(Call(f"r{k}", "s/M", "p", spans.tracing))
        of_call = spans.tracing.rpc(f"call {k}", {}, {})
        of_call.enter()
        contexts.append(copy_context())
        of_call.end()

    async def together() -> None:
        share(contexts)
        with span("journal", frames=3):
            await asyncio.sleep(0)

    await asyncio.gather(*(asyncio.create_task(call(k)) for k in range(3)))
    await asyncio.create_task(together(), context=Context())
    found = spans.named("journal")
    assert {below(each) for each in found} == {
        itself(spans.named(f"call {k}")[0]) for k in range(3)
    }
    assert all(each.attributes and each.attributes["frames"] == 3 for each in found)


async def test_a_refusal_is_no_error_and_a_fault_is_one(
    traced: tuple[Calls, Spans], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, spans = traced
    with pytest.raises(aio.AioRpcError):
        await calls.report("none")
    refused = await spans.once(SERVICE + "GetReport")
    assert refused.attributes is not None
    assert refused.attributes["rpc.response.status_code"] == "NOT_FOUND"
    assert refused.status.is_unset

    def broken(*_: object) -> None:
        raise ZeroDivisionError("123.456 is what the caller sent")

    monkeypatch.setattr("boxgauge.server.service.monitors.arrivals", broken)
    await calls.create()
    with pytest.raises(aio.AioRpcError):
        await calls.observe(truths(TRUTHS))
    failed = await spans.once(SERVICE + "Observe")
    assert (failed.status.is_ok, failed.status.description) == (False, "INTERNAL")
    decode = await spans.once("decode")
    assert decode.attributes == {"error.type": "ZeroDivisionError"}
    assert decode.events == ()


@pytest.mark.parametrize("given", ["", "nonsense", "00-" + "0" * 32 + "-" + PARENT + "-01", "ff"])
async def test_a_malformed_parent_begins_a_trace(traced: tuple[Calls, Spans], given: str) -> None:
    calls, spans = traced
    request = monitor_pb2.ListMonitorsRequest()
    await calls.monitors.ListMonitors(request, metadata=(("traceparent", given),))
    assert (await spans.once(SERVICE + "ListMonitors")).parent is None


async def test_a_caller_that_samples_nothing_gets_nothing(traced: tuple[Calls, Spans]) -> None:
    calls, spans = traced
    unsampled = ("traceparent", f"00-{TRACE}-{PARENT}-00")
    await calls.monitors.ListMonitors(monitor_pb2.ListMonitorsRequest(), metadata=(unsampled,))
    await calls.create()
    await spans.once(SERVICE + "CreateMonitor")
    assert spans.named(SERVICE + "ListMonitors") == []


def test_traces_are_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert traces_endpoint(read_settings()) is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")
    assert traces_endpoint(read_settings()) == "http://collector:4317"
    assert traces_endpoint(read_settings(traces="off")) is None
    assert traces_endpoint(read_settings(traces="http://other:1")) == "http://other:1"
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert traces_endpoint(read_settings()) is None
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    with pytest.raises(InvalidInputError, match="must be grpc: got http/protobuf"):
        traces_endpoint(read_settings())
    with pytest.raises(InvalidInputError, match="BOXGAUGE_TRACES"):
        read_settings(traces="collector:4317")


def test_off_imports_nothing_of_opentelemetry() -> None:
    script = (
        "import sys\n"
        "from boxgauge.server import app\n"
        "from boxgauge.server.observability.exporting import traces_to\n"
        "with traces_to(None, '0') as traces: assert traces.tracing is None\n"
        "assert not [each for each in sys.modules if each.startswith('opentelemetry')]\n"
    )
    subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, check=True, timeout=60)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    with pytest.raises(FailedPreconditionError) as refused, traces_to("http://x:1", "0"):
        pass
    assert "extra [otel]" in str(refused.value)
    assert refused.value.field == "BOXGAUGE_TRACES"


class Receiver(rpc.TraceServiceServicer):
    """Takes traces as a collector does."""

    def __init__(self) -> None:
        self.came = threading.Condition()
        self.requests: list[pb.ExportTraceServiceRequest] = []

    def Export(  # noqa: N802 (gRPC's name)
        self, request: pb.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> pb.ExportTraceServiceResponse:
        with self.came:
            self.requests.append(request)
            self.came.notify_all()
        return pb.ExportTraceServiceResponse()

    def names(self) -> set[str]:
        return {
            span.name
            for request in self.requests
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        }


@contextmanager
def receiving() -> Iterator[tuple[str, Receiver]]:
    receiver = Receiver()
    server = grpc.server(ThreadPoolExecutor(2))
    add: Any = rpc.add_TraceServiceServicer_to_server
    add(receiver, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}", receiver
    finally:
        server.stop(0).wait()


async def test_a_served_process_sends_its_spans_to_a_receiver(
    graphs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests")
    with receiving() as (endpoint, receiver):
        with served(graphs_dir, traces=endpoint) as service:
            async with aio.insecure_channel(service.address) as channel:
                calls = Calls(channel)
                await calls.create()
                await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
        # Ended: what was left has been flushed.
        wanted = {SERVICE + "CreateMonitor", SERVICE + "Observe", "message", "journal", "apply"}
        assert wanted <= receiver.names()
    (of_resource, *_) = receiver.requests[0].resource_spans
    said = {each.key: each.value.string_value for each in of_resource.resource.attributes}
    assert said["service.name"] == "boxgauge"
    assert said["deployment.environment.name"] == "tests"
    assert re.fullmatch(r"[\w.+]+", said["service.version"])


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    """Yield an endpoint that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_receiver_that_does_not_answer_costs_spans_and_no_calls(
    engine: Engine, serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_FLUSH_S", 0.2)
    async with silent() as endpoint:
        async with serve(traces=endpoint) as (_, calls):
            await calls.create()
            answers = await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
            assert answers[0].accepted == 8
        (said,) = [each.message for each in caplog.records if "were dropped" in each.message]
    # Two calls, a message, and its five steps.
    assert re.match(rf"8 of 8 spans were dropped: {endpoint} did not take them", said)


async def test_a_drain_is_below_five_seconds_though_nobody_takes_its_spans(
    graphs_dir: Path, tmp_path: Path
) -> None:
    async with silent() as endpoint:
        settings = {"traces": endpoint, "journal": tmp_path / "journal.db"}
        with served(graphs_dir, **settings) as service:
            async with aio.insecure_channel(service.address) as channel:
                calls = Calls(channel)
                await calls.create()
                # More than go out at once, one of which the receiver holds on to.
                for k in range(100):
                    await calls.observe(both(predictions({k: []}), truths({k: []})))
                staying = calls.monitors.Observe()  # is there until the end of the drain
                await staying.write(monitor_pb2.ObserveRequest(monitor="cam", model="m"))
                await staying.read()
                began = time.monotonic()
                assert await asyncio.to_thread(service.terminate) == 0
                assert time.monotonic() - began < 5


def test_spans_that_a_receiver_takes_are_not_said_to_be_dropped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with receiving() as (endpoint, receiver):
        with traces_to(endpoint, "0") as traces:
            assert traces.tracing is not None
            for k in range(1000):
                traces.tracing.rpc(f"call {k}", {}, {}).end()
            traces.flush()
        assert receiver.names() == {f"call {k}" for k in range(1000)}
    assert not [each for each in caplog.records if "were dropped" in each.message]
