"""Health, reflection, start and drain, with a real process for the signals."""

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from asyncio.subprocess import Process
from pathlib import Path

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from boxgauge.engine import available_providers
from boxgauge.frames import GraphError, InvalidInputError, ProviderError
from boxgauge.server.app import App
from boxgauge.server.grpc_server import SERVICES
from boxgauge.server.settings import read_settings
from boxgauge.v1 import evaluation_pb2, monitor_pb2, report_pb2
from tests.server.calls import (
    CLASSES,
    PREDICTIONS,
    TRUTHS,
    Calls,
    Sides,
    both,
    predictions,
    stream,
    truths,
)
from tests.server.conftest import Serve

ROOT = Path(__file__).parents[2]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_health_is_told_for_each_service(calls: Calls) -> None:
    stub = health_pb2_grpc.HealthStub(calls.channel)
    for name in ("", *SERVICES):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == SERVING
    with pytest.raises(aio.AioRpcError) as refused:
        await stub.Check(health_pb2.HealthCheckRequest(service="other"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_every_service(calls: Calls) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(calls.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = [each async for each in stub.ServerReflectionInfo(stream([request]))]
    names = {service.name for service in answer.list_services_response.service}
    assert names >= {*SERVICES, "grpc.health.v1.Health"}


async def test_a_drain_says_so_lets_running_work_finish_and_takes_no_more(serve: Serve) -> None:
    async with serve(drain_s=4) as (app, calls):
        await calls.create()
        await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
        health = health_pb2_grpc.HealthStub(calls.channel).Watch(
            health_pb2.HealthCheckRequest(service=SERVICES[0])
        )
        assert (await health.read()).status == SERVING
        watch = calls.monitors.WatchReport(
            monitor_pb2.WatchReportRequest(monitor="cam", interval_s=3600)
        )
        assert (await watch.read()).report.images == 4
        observing = calls.monitors.Observe()
        request = monitor_pb2.ObserveRequest(monitor="cam", model="m", frames=truths({9: []}))
        await observing.write(request)
        assert (await observing.read()).accepted == 1

        draining = asyncio.create_task(app.__aexit__(None, None, None))
        assert (await health.read()).status == NOT_SERVING
        health.cancel()
        with pytest.raises(aio.AioRpcError) as ended:
            await watch.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        # A stream under way may still bring what it has.
        request.frames.CopyFrom(predictions({9: []}))
        await observing.write(request)
        assert (await observing.read()).accepted == 1
        await observing.done_writing()
        assert await observing.read() is aio.EOF
        await draining
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.report()
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_taken_port_is_one_clear_error(serve: Serve) -> None:
    async with serve() as (app, _):
        port = int(app.address.rpartition(":")[2])
        with pytest.raises(InvalidInputError, match="BOXGAUGE_PORT must be free to listen on"):
            async with serve(port=port):
                pytest.fail("it started")
        taken = int(app.metrics_url.rpartition(":")[2].removesuffix("/metrics"))
        with pytest.raises(
            InvalidInputError, match="BOXGAUGE_METRICS_PORT must be free to listen on"
        ):
            async with serve(metrics_port=taken):
                pytest.fail("it started")


async def test_more_rpcs_than_allowed_are_resource_exhausted(serve: Serve) -> None:
    async with serve(max_concurrent_streams=1) as (_, calls):
        await calls.create()
        observing = calls.monitors.Observe()
        await observing.write(monitor_pb2.ObserveRequest(monitor="cam", model="m"))
        await observing.read()
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.report()
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        observing.cancel()


async def test_a_cancelled_stream_keeps_what_it_brought(serve: Serve) -> None:
    async with serve() as (app, calls):
        await calls.create()
        observing = calls.monitors.Observe()
        both_sides = both(predictions(PREDICTIONS), truths(TRUTHS))
        await observing.write(
            monitor_pb2.ObserveRequest(monitor="cam", model="m", frames=both_sides)
        )
        await app.book.get("cam").change_after(1)
        observing.cancel()
        await app.book.settle()
        assert (await calls.report()).images == 4


@pytest.mark.skipif("cuda" in available_providers(), reason="asks for what is not there")
async def test_a_required_provider_that_is_not_obtained_is_a_start_up_error(
    graphs_dir: Path,
) -> None:
    asked = {
        "port": 0,
        "metrics_port": 0,
        "graphs": graphs_dir,
        "providers": "cuda,cpu",
        "ephemeral": True,
    }
    with pytest.raises(ProviderError, match="cuda was asked for and cpu obtained"):
        async with App(read_settings(**asked, require_provider=True)):
            pytest.fail("it started")
    async with App(read_settings(**asked)) as app:
        assert b'boxgauge_provider_info{provider="cpu"} 1.0' in app.telemetry.text()


async def test_missing_graphs_are_a_start_up_error(tmp_path: Path) -> None:
    settings = read_settings(port=0, metrics_port=0, graphs=tmp_path)
    with pytest.raises(GraphError):
        async with App(settings):
            pytest.fail("it started")


async def test_an_unknown_fault_is_internal_and_logged_once(
    app: App, calls: Calls, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(app.book, "get", broken)
    with pytest.raises(aio.AioRpcError) as failed:
        await calls.report()
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(failed.value.details())
    records = [each for each in caplog.records if each.name.startswith("boxgauge")]
    assert [record.exc_info is not None for record in records] == [True]


async def started(graphs_dir: Path, **environment: str) -> tuple[Process, dict[str, str]]:
    """Return a service in a process of its own, and its ready line."""
    code = (
        "from boxgauge.server.process import serve\n"
        "from boxgauge.server.settings import read_settings\n"
    )
    folders = ("proto", "server", "exporters", "clients")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"{code}serve(read_settings())",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in folders),
            "BOXGAUGE_PORT": "0",
            "BOXGAUGE_METRICS_PORT": "0",
            "BOXGAUGE_GRAPHS": str(graphs_dir),
            "BOXGAUGE_EPHEMERAL": "true",
        }
        | environment,
    )
    assert process.stdout is not None
    ready = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    assert ready["event"] == "ready"
    return process, ready


async def ended_well(process: Process) -> None:
    """Assert that the process ends soon, with status 0 and without a traceback."""
    assert await asyncio.wait_for(process.wait(), 5) == 0
    assert process.stderr is not None
    errors = (await process.stderr.read()).decode()
    assert "Traceback" not in errors
    assert "ERROR" not in errors


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_and_the_process_ends_well(graphs_dir: Path, sent: int) -> None:
    process, ready = await started(graphs_dir)
    async with aio.insecure_channel(ready["address"]) as channel:
        calls = Calls(channel)
        await calls.create()
        open_stream = calls.monitors.Observe()  # an idle stream must not keep it from stopping
        await open_stream.write(monitor_pb2.ObserveRequest(monitor="cam", sequence=1))
        assert (await open_stream.read()).sequence == 1
        process.send_signal(sent)
        await ended_well(process)


async def test_runs_under_way_do_not_outlive_the_drain(graphs_dir: Path) -> None:
    # The second image takes far longer than the drain, and is matched in a run of its own.
    boxes = 1000
    heavy: Sides = {1: [(1, 0, 0, 9, 9)], 2: [(1, 0, 0, 9, 9)] * boxes}
    scored: Sides = {
        1: [(1, 0, 0, 9, 9, 0.5)],
        2: [(1, 0, 0, 9, 9, k / boxes) for k in range(boxes)],
    }
    sides = both(predictions(scored), truths(heavy))
    maxima = {"max_detections": [1, 10, boxes]}
    process, ready = await started(graphs_dir, BOXGAUGE_DRAIN_S="0.2")
    async with aio.insecure_channel(ready["address"]) as channel:
        calls = Calls(channel)
        await calls.create(**maxima)
        settings = evaluation_pb2.EvaluateSettings(
            classes=CLASSES, evaluation=report_pb2.EvaluationSettings(**maxima)
        )
        request = evaluation_pb2.EvaluateRequest(settings=settings, frames=sides)
        running = [
            asyncio.ensure_future(calls.evaluation.Evaluate(stream([request]))),
            asyncio.create_task(calls.observe(sides)),
        ]
        async with asyncio.timeout(30):
            while await match_runs(ready["metrics"]) < len(running):
                assert not any(each.done() for each in running)
        process.send_signal(signal.SIGTERM)
        await ended_well(process)
        for each in await asyncio.gather(*running, return_exceptions=True):
            assert isinstance(each, aio.AioRpcError | asyncio.CancelledError)


async def match_runs(metrics_url: str) -> float:
    """Return how many runs of matching have ended."""
    text = await asyncio.to_thread(
        lambda: urllib.request.urlopen(metrics_url, timeout=5).read().decode()  # noqa: S310 (loopback)
    )
    found = re.search(r'^boxgauge_batch_seconds_count\{graph="match"\} (\S+)$', text, re.M)
    return float(found[1]) if found else 0.0
