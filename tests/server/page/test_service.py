"""The page of a running service: what was streamed is what is shown."""

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

from boxgauge.server.app import App
from boxgauge.v1 import monitor_pb2
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, truths

Json = Any  # whatever JSON holds


async def asked(app: App, path: str) -> tuple[int, Json]:
    url = app.metrics_url.removesuffix("/metrics") + path

    def ask() -> tuple[int, Json]:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (loopback)
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    return await asyncio.to_thread(ask)


async def test_a_monitor_is_there_at_once_and_its_report_once_it_is_made(
    app: App, calls: Calls
) -> None:
    assert (await asked(app, "/api/v1/monitors"))[1]["monitors"] == []
    await calls.create()
    _, listed = await asked(app, "/api/v1/monitors")
    assert [(each["name"], each["models"]) for each in listed["monitors"]] == [("cam", [])]
    assert (await asked(app, "/api/v1/report?monitor=cam"))[0] == 404

    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    status, missing = await asked(app, "/api/v1/report?monitor=cam&model=m")
    assert (status, missing["field"]) == (404, "report"), "nothing is computed for the page"
    await app.book.refresh()
    report = await calls.report()
    status, found = await asked(app, "/api/v1/report?monitor=cam&model=m")
    assert status == 200
    statistics = {each["name"]: each["value"] for each in found["statistics"]}
    assert statistics["AP"] == report.statistics.ap
    assert statistics["AR100"] == report.statistics.ar_last
    assert (found["images"], found["label_coverage"]) == (4, 1)
    assert 0 <= found["age_s"] < 60
    _, history = await asked(app, "/api/v1/history?monitor=cam&model=m")
    assert [each["ap"] for each in history["points"]] == [report.statistics.ap]


async def test_a_deleted_monitor_is_no_longer_shown(app: App, calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    await app.book.refresh()
    assert (await asked(app, "/api/v1/report?monitor=cam"))[0] == 200
    await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="cam"))
    status, missing = await asked(app, "/api/v1/report?monitor=cam")
    assert (status, missing["field"], missing["value"]) == (404, "monitor", "cam")
    await calls.create()
    _, listed = await asked(app, "/api/v1/monitors")
    assert listed["monitors"][0]["models"] == []


async def test_a_report_that_still_stands_is_not_old(app: App, calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    await app.book.refresh()
    _, first = await asked(app, "/api/v1/report?monitor=cam")
    await app.book.refresh()  # nothing has changed: the report is made no more, and stands
    _, second = await asked(app, "/api/v1/report?monitor=cam")
    assert second["as_of_us"] > first["as_of_us"]
    _, history = await asked(app, "/api/v1/history?monitor=cam&model=m")
    assert len(history["points"]) == 1
