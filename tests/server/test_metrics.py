"""What /metrics shows is what docs/metrics.md lists, and nothing undefined is shown."""

import asyncio
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from boxgauge.server.app import App
from boxgauge.server.series import QUALITY, SERVICE
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, truths
from tests.server.conftest import Serve

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]


def samples(text: bytes) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def _who(monitor: str) -> tuple[tuple[str, str], ...]:
    return (("model", "m"), ("monitor", monitor), ("slice", ""), ("window", "all"))


async def fetched(url: str, method: str = "GET", accept: str = "*/*") -> tuple[int, bytes]:
    headers = {"Accept": accept}
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 (loopback)

    def fetch() -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 (loopback)
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(fetch)


def test_the_documents_list_every_series() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$", DOCS.read_text(), re.M
    )
    listed = {
        (name, kind, tuple(re.findall(r"`(\w+)`", labels)), unit, meaning)
        for name, kind, labels, unit, meaning in rows
    }
    assert listed == {
        (each.name, each.kind, each.labels, each.unit, each.meaning)
        for each in (*QUALITY, *SERVICE)
    }


async def test_everything_exported_is_in_the_table(app: App, calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    await app.book.refresh(60)
    table = {each.name: each for each in (*QUALITY, *SERVICE)}
    status, text = await fetched(app.metrics_url)
    assert status == 200
    families = list(text_string_to_metric_families(text.decode()))
    names = {each.name + "_total" if each.type == "counter" else each.name for each in families}
    assert names <= set(table)
    assert {each.name for each in SERVICE} <= names | {"boxgauge_outcomes_total"}
    assert len(names) == len(families), "each family stands once"
    for family in families:
        series = table[family.name + "_total" if family.type == "counter" else family.name]
        assert (family.type, family.documentation) == (series.kind, series.meaning)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(series.labels)


async def test_the_exported_values_are_the_report_s(app: App, calls: Calls) -> None:
    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    report = await calls.report()
    found = samples(app.telemetry.text())
    who = _who("cam")
    for name, value in {
        "boxgauge_precision": report.operating_point.precision,
        "boxgauge_recall": report.operating_point.recall,
        "boxgauge_true_positives": report.operating_point.true_positives,
        "boxgauge_false_positives": report.operating_point.false_positives,
        "boxgauge_false_negatives": report.operating_point.false_negatives,
        "boxgauge_positives": report.positives,
        "boxgauge_images": report.images,
        "boxgauge_predicted_images": 4,
        "boxgauge_label_coverage_ratio": 1,
    }.items():
        assert found[name] == {who: value}, name
    assert found["boxgauge_loss_mean"] == {
        (("loss", "giou_loss"), *who): report.losses.giou,
        (("loss", "bce_loss"), *who): report.losses.bce,
    }
    precision = found["boxgauge_average_precision"]
    for iou, value in {
        "0.50:0.95": report.statistics.ap,
        "0.50": report.statistics.ap50,
        "0.75": report.statistics.ap75,
    }.items():
        assert precision[(("area", "all"), ("iou", iou), *who)] == value
    recall = found["boxgauge_average_recall"]
    labels = (("area", "all"), ("max_detections", "100"), *who)
    assert recall[labels] == report.statistics.ar_last
    assert found["boxgauge_labelled_images"] == {(("monitor", "cam"),): 4}
    assert found["boxgauge_frames_total"] == {
        (("outcome", "accepted"), ("side", "predictions")): 4,
        (("outcome", "accepted"), ("side", "ground_truth")): 4,
    } | {
        (("outcome", outcome), ("side", side)): 0
        for outcome in ("unchanged", "refused")
        for side in ("predictions", "ground_truth")
    }


async def test_what_is_undefined_is_absent(app: App, calls: Calls) -> None:
    await calls.create("no-models")
    await calls.observe(truths(TRUTHS), monitor="no-models", model="")
    await calls.create("no-labels")
    await calls.observe(predictions(PREDICTIONS), monitor="no-labels")
    await calls.create("empty")
    await calls.observe(both(predictions({1: []}), truths({1: []})), monitor="empty")
    await app.book.refresh(60)
    found = samples(app.telemetry.text())
    for name in (
        "boxgauge_average_precision",
        "boxgauge_average_recall",
        "boxgauge_precision",
        "boxgauge_recall",
        "boxgauge_f1",
        "boxgauge_loss_mean",
        "boxgauge_calibration_error",
    ):
        assert name not in found
    coverage = found["boxgauge_label_coverage_ratio"]
    assert coverage == {
        _who("no-labels"): 0,
        _who("empty"): 1,
    }
    assert found["boxgauge_labelled_images"][(("monitor", "no-models"),)] == 4


async def test_a_deleted_monitor_leaves_no_series(app: App, calls: Calls) -> None:
    from boxgauge.v1 import monitor_pb2

    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    await app.book.refresh(60)
    assert b'monitor="cam"' in app.telemetry.text()
    await calls.monitors.DeleteMonitor(monitor_pb2.DeleteMonitorRequest(monitor="cam"))
    await app.book.refresh(60)
    assert b'monitor="cam"' not in app.telemetry.text()


async def test_what_an_alert_asks_the_rise_of_is_there_from_zero_on(app: App, calls: Calls) -> None:
    await calls.create()
    found = samples(app.telemetry.text())["boxgauge_outcomes_total"]
    assert {dict(labels)["outcome"]: value for labels, value in found.items()} == {
        "late": 0,
        "future": 0,
    }


async def test_rpcs_are_counted_by_method_and_code(app: App, calls: Calls) -> None:
    from grpc import aio

    await calls.create()
    with pytest.raises(aio.AioRpcError):
        await calls.report("nowhere")
    with pytest.raises(aio.AioRpcError):
        await calls.channel.unary_unary("/made.up/Method")(b"")
    counts = samples(app.telemetry.text())["boxgauge_rpc_seconds_count"]
    service = "boxgauge.v1.MonitorService/"
    assert counts == {
        (("code", "OK"), ("method", service + "CreateMonitor")): 1,
        (("code", "NOT_FOUND"), ("method", service + "GetReport")): 1,
    }


async def test_probes_tell_alive_from_ready(serve: Serve) -> None:
    async with serve() as (app, _):
        base = app.metrics_url.removesuffix("/metrics")
        assert await fetched(base + "/healthz") == (200, b"ok\n")
        assert await fetched(base + "/readyz") == (200, b"ready\n")
        status, _ = await fetched(base + "/other")
        assert status == 404


async def test_what_is_there_is_only_read(app: App) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert await fetched(app.metrics_url, method) == (405, b"only GET and HEAD\n")
    assert await fetched(app.metrics_url, "HEAD") == (200, b"")
    assert (await fetched(app.metrics_url + "/other", "POST"))[0] == 404


async def test_a_scraper_that_asks_for_open_metrics_gets_it(app: App, calls: Calls) -> None:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed

    await calls.create()
    await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
    await app.book.refresh(60)
    plain = {
        each.name: each for each in text_string_to_metric_families(app.telemetry.text().decode())
    }
    _, body = await fetched(app.metrics_url, accept="application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
    families = {each.name: each for each in parsed(body.decode())}  # a strict parser
    assert set(families) == set(plain)
    for name in ("boxgauge_average_precision", "boxgauge_label_coverage_ratio"):
        assert families[name].samples == plain[name].samples


async def test_two_services_have_registries_of_their_own(serve: Serve) -> None:
    async with serve() as (one, calls), serve() as (other, _):
        await calls.create()
        assert b"CreateMonitor" in one.telemetry.text()
        assert b"CreateMonitor" not in other.telemetry.text()
