"""Lines of the log: whose they are, what they say, and what they never say."""

import asyncio
import json
import logging
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio

from boxgauge.server.app import App
from boxgauge.server.observability.calls import Call, at_monitor, begin
from boxgauge.server.observability.logs import JsonLines, TextLines
from boxgauge.v1 import monitor_pb2
from tests.integration.servers import ENVIRONMENT
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, stream, truths
from tests.server.observability.conftest import Lines

NEW = re.compile(r"[0-9a-f]{16}")
ID = "x-request-id"
LIST = monitor_pb2.ListMonitorsRequest()


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("boxgauge.x", logging.WARNING, __file__, 1, message, values, info)


def as_call(method: str = "s/M") -> None:
    begin(Call("abc-1", method, "ipv4:127.0.0.1:5"))
    at_monitor("cam")


async def test_a_json_line_says_when_what_and_whose() -> None:
    as_call()
    made = record("%s of %d", "a", 3)
    line = json.loads(JsonLines().format(made))
    moment = datetime.fromisoformat(line.pop("time"))
    assert moment == datetime.fromtimestamp(made.created, UTC)
    assert line == {
        "level": "warning",
        "logger": "boxgauge.x",
        "message": "a of 3",
        "request_id": "abc-1",
        "method": "s/M",
        "peer": "ipv4:127.0.0.1:5",
        "monitor": "cam",
    }


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 (whatever it is)
        return caught


@pytest.mark.parametrize("message", ["two\nlines", 'quotes " and \\', "\x00\x1b[31m", "\udcff"])
def test_a_json_line_is_one_line_whatever_it_says(message: str) -> None:
    error = raised(ValueError("1\n2"))
    text = JsonLines().format(record("%s", message, error=error))
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == message
    assert line["error"]["type"] == "ValueError"
    assert line["error"]["message"] == "1\n2"
    assert line["error"]["traceback"].startswith("Traceback (most recent call last)")
    assert "raise error" in line["error"]["traceback"]


async def test_a_line_of_text_cannot_be_forged() -> None:
    begin(Call("abc-1", "s/M", "unix:\n2026 ERROR"))
    text = TextLines().format(record("there is no monitor %s", "x\n2026-11-28 ERROR forged"))
    assert text.count("\n") == 0
    assert text.endswith(r'[request_id=abc-1 method=s/M peer="unix:\n2026 ERROR"]')
    shown = TextLines().format(record("failed", error=raised(ValueError("because"))))
    assert "\nTraceback (most recent call last)" in shown


@pytest.mark.parametrize("given", ["a", "0f3c-9/A_b.c:1+2=", "x" * 64])
async def test_a_caller_s_request_id_comes_back(calls: Calls, given: str) -> None:
    call = calls.monitors.ListMonitors(LIST, metadata=((ID, given),))
    await call
    assert dict(await call.trailing_metadata())[ID] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "with space", 'a"b', "a\\b", None])
async def test_what_cannot_stand_in_a_log_is_replaced(calls: Calls, given: str | None) -> None:
    metadata = () if given is None else ((ID, given),)
    found = set()
    for _ in range(2):
        call = calls.monitors.ListMonitors(LIST, metadata=metadata)
        await call
        found.add(dict(await call.trailing_metadata())[ID])
    assert len(found) == 2, "each call has one of its own"
    assert all(NEW.fullmatch(each) for each in found)


async def test_a_refusal_and_a_stream_bring_the_id_too(calls: Calls) -> None:
    request = monitor_pb2.GetReportRequest(monitor="none")
    with pytest.raises(aio.AioRpcError) as refused:
        await calls.monitors.GetReport(request, metadata=((ID, "mine"),))
    trailing = refused.value.trailing_metadata()
    assert trailing is not None
    assert dict(trailing)[ID] == "mine"
    assert "grpc-status-details-bin" in dict(trailing)
    observing = calls.monitors.Observe(stream([]), metadata=((ID, "streamed"),))
    assert [each async for each in observing] == []
    assert dict(await observing.trailing_metadata())[ID] == "streamed"


async def test_a_fault_is_told_with_an_id_and_logged_under_it(
    app: App, calls: Calls, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calls.create()

    def broken(_: str) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(app.book, "get", broken)
    with pytest.raises(aio.AioRpcError) as failed:
        await calls.report()
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    trailing = failed.value.trailing_metadata()
    assert trailing is not None
    request_id = dict(trailing)[ID]
    assert str(failed.value.details()).endswith(f"of request {request_id}")
    (line,) = [each for each in lines() if each["level"] == "error"]
    assert line["request_id"] == request_id
    assert line["method"] == "boxgauge.v1.MonitorService/GetReport"
    assert line["peer"].startswith("ipv4:127.0.0.1:")
    assert line["monitor"] == "cam"
    assert "ZeroDivisionError: on purpose" in line["error"]["traceback"]


async def test_lines_of_messages_under_way_together_know_their_own_monitor(
    app: App, calls: Calls, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tasks of a stream's messages log what their own message is about."""
    for name in ("one", "two"):
        await calls.create(name)
    journal = app.book._around.journal
    log = logging.getLogger("boxgauge.test")
    take: Any = journal.take

    async def told(*args: object, **kwargs: object) -> object:
        log.info("taking")
        return await take(*args, **kwargs)

    monkeypatch.setattr(journal, "take", told)

    async def observe(request_id: str) -> None:
        requests = [
            monitor_pb2.ObserveRequest(monitor=name, sequence=k, frames=truths({k: []}))
            for k, name in enumerate(("one", "two", "one", "two"))
        ]
        metadata = ((ID, request_id),)
        answers = [a async for a in calls.monitors.Observe(stream(requests), metadata=metadata)]
        assert len(answers) == 4

    await asyncio.gather(observe("first"), observe("second"))
    told_of = [
        (each.get("request_id"), each["monitor"]) for each in lines() if each["message"] == "taking"
    ]
    assert {monitor for _, monitor in told_of} == {"one", "two"}
    # Messages that wait together are taken together, which is no one call's doing.
    assert {request_id for request_id, _ in told_of} <= {None, "first", "second"}
    seen = len(told_of)
    await calls.observe(truths({9: []}), monitor="two")
    await observe("alone")
    of_two, *others = [each for each in lines() if each["message"] == "taking"][seen:]
    assert of_two["request_id"] not in ("first", "second", "alone")
    assert {each.get("request_id") for each in others} <= {None, "alone"}


async def test_what_runs_in_a_thread_knows_its_call(
    app: App, calls: Calls, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    log = logging.getLogger("boxgauge.test")
    run: Any = app.engine.run

    def told(name: str, *args: object, **kwargs: object) -> object:
        log.info("running %s", name)
        return run(name, *args, **kwargs)

    monkeypatch.setattr(app.engine, "run", told)
    await calls.monitors.GetReport(
        monitor_pb2.GetReportRequest(monitor="cam"), metadata=((ID, "reporting"),)
    )
    found = {each.get("request_id") for each in lines() if each["message"].startswith("running")}
    assert found == {"reporting"}
    # A run of matching is for many calls: it is nobody's.
    await calls.observe(both(predictions({77: []}), truths({77: [(1, 0, 0, 9, 9)]})))
    matching = [each for each in lines() if each["message"] == "running match"]
    assert matching
    assert all("request_id" not in each for each in matching)


async def test_a_fault_on_the_journal_s_thread_is_logged_for_its_call(
    app: App, calls: Calls, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calls.create()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("boxgauge.server.journal.journal.take", broken)
    request = monitor_pb2.ObserveRequest(monitor="cam", frames=truths({1: []}))
    observing = calls.monitors.Observe(stream([request]), metadata=((ID, "journalled"),))
    with pytest.raises(aio.AioRpcError):
        [answer async for answer in observing]
    (line,) = [each for each in lines() if each["message"] == "a job of the journal failed"]
    assert (line["request_id"], line["monitor"]) == ("journalled", "cam")


async def test_no_box_and_no_token_is_ever_logged(
    app: App, calls: Calls, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    await calls.create()
    box, token = 123.456789, "c2VjcmV0LXRva2Vu"
    bad = both(
        predictions({1: [(1, box, box, box, box, 0.987654321), (1, box, box, -box, box, 0.5)]}),
        truths({1: [(1, box, box, box, box)]}),
    )
    request = monitor_pb2.ObserveRequest(monitor="cam", model="m", frames=bad)
    metadata = (("authorization", f"Bearer {token}"),)
    answers = [a async for a in calls.monitors.Observe(stream([request]), metadata=metadata)]
    assert len(answers[0].errors) == 1

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(app.book._around.journal, "take", fails)
    again = monitor_pb2.ObserveRequest(
        monitor="cam", model="m", frames=truths({2: [(1, box, 0, 5, 5)]})
    )
    with pytest.raises(aio.AioRpcError):
        [a async for a in calls.monitors.Observe(stream([again]), metadata=metadata)]
    text = json.dumps(lines())
    assert "on purpose" in text
    assert "Observe ended with INTERNAL" in text
    for secret in (token, "123.456", "0.98765"):
        assert secret not in text


def test_a_served_process_logs_json_with_python_s_warnings(graphs_dir: Path) -> None:
    command = ["-m", "boxgauge.cli", "serve", "--port", "0", "--metrics-port", "0"]
    command += ["--ephemeral"]
    settings = {"BOXGAUGE_LOG_FORMAT": "json", "BOXGAUGE_LOG_LEVEL": "debug"}
    with subprocess.Popen(
        [sys.executable, *command, "--graphs", str(graphs_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | settings,
    ) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "ready"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    logged = [json.loads(line) for line in err.splitlines()]
    messages = [each["message"] for each in logged]
    assert any("BOXGAUGE_EPHEMERAL" in each for each in messages)
    assert messages[-1] == "stopped"
    assert all(each["time"].endswith("Z") for each in logged)
