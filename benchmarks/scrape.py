"""Time scrapes of many series while reports are being published.

    python benchmarks/scrape.py

The metrics server is the service's own, in this process beside a thread that publishes reports
all the time; the scraper is a process of its own. Printed: the 99th percentile of whole scrapes
over HTTP, what a publication costs, and, in the same run, what prometheus_client takes for as many
gauges of its own.
"""

import argparse
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from boxgauge.engine import ClassReport, ObjectClass, Report, Statistics
from boxgauge.engine.analysis.intervals import Interval, Intervals
from boxgauge.engine.analysis.score_curve import ScorePoint
from boxgauge.engine.online.predicted import Drift, DriftFeature, Estimate
from boxgauge.engine.online.quality import LabelDelay, LossSummary, Quality, ScoreCalibration
from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.report import Curves, MeanLosses, OperatingPoint
from boxgauge.engine.settings import COCO_AREAS, EvaluationSettings
from boxgauge.engine.sketch.report import Precisions
from boxgauge.server.metrics_http import MetricsServer
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.telemetry import Telemetry

CLASSES = tuple(ObjectClass(k, f"class {k}") for k in range(80))
FORMATS = {"text 0.0.4": "text/plain", "OpenMetrics": "application/openmetrics-text"}
LIMIT_MS = 50.0


def reports(monitors: int, cameras: int) -> Iterator[MonitorReport]:
    """Return reports of all images and of each camera, with all that a sketch monitor says."""
    none, counts = np.zeros(0), np.zeros(0, np.int64)
    ap = 1 / 3
    places = {(i, a.name): ap for i in ("0.50:0.95", "0.50", "0.75") for a in COCO_AREAS}
    classes = tuple(ClassReport(each, ap, ap, ap, ap, 10, 100) for each in CLASSES)
    statistics = Statistics(AP=ap, AP50=ap, AP75=ap)
    reading = Precisions(statistics, classes, places)
    interval = Interval(ap, ap - 0.01, ap + 0.01, 0.005, 32)
    names = ("AP", "AP50", "AP75", "APs", "APm", "APl")
    report = Report(
        EvaluationSettings(),
        statistics,
        classes,
        OperatingPoint(0.5, 0.5, ap, ap, 100, 200, 200),
        MeanLosses(ap, ap),
        1000,
        300,
        8000,
        Curves(none, none, none),
        places,
        {(a.name, most): ap for a in COCO_AREAS for most in (1, 10, 100)},
    )
    quality = Quality(
        report,
        reading,
        reading,
        Intervals(
            0.95,
            1000,
            32,
            dict.fromkeys(names, interval),
            tuple((each, interval) for each in CLASSES),
        ),
        ScorePoint(ap, 100, 200, 200, ap, ap, ap),
        (None,) * len(CLASSES),
        (),
        ScoreCalibration(ap, np.zeros(1), counts, counts, none),
        (LossSummary("giou_loss", 100, ap, none, counts, 0),),
        (),
        (("random", 900), ("reported", 100)),
        LabelDelay(1000, 90.0, 60.0, 300.0),
    )
    features = tuple(
        DriftFeature(name, ap, ap, ap, ap, ap, False, none, none, none)
        for name in ("score", "size", "aspect", "count", "class")
    )
    drift, estimate = Drift(features, 1000, 100), Estimate(ap, ap, 1000, 1000, ap)
    for monitor in range(monitors):
        for camera in range(-1, cameras):
            is_whole = camera < 0
            yield MonitorReport(
                f"monitor-{monitor}",
                "detector",
                1,
                Window("1h", 3_600_000_000),
                Span(0, 1),
                "" if is_whole else f"camera={camera}",
                quality,
                1000,
                1000,
                drift if is_whole else None,
                estimate if is_whole else None,
                1_700_000_000_000_000,
                0.0,
            )


@contextmanager
def publishing(
    telemetry: Telemetry, made: list[MonitorReport], rate: float
) -> Iterator[list[float]]:
    """Publish one report after another at this rate; yield what each took, seconds."""
    took: list[float] = []
    stopped = threading.Event()

    def publish() -> None:
        for each in itertools.cycle(made):
            started = time.perf_counter()
            telemetry.publish(each)
            took.append(time.perf_counter() - started)
            if stopped.wait(1 / rate):
                return

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield took
    finally:
        stopped.set()
        thread.join()


def scrape(url: str, accept: str, times: int) -> None:
    """Print the seconds of each scrape, and the bytes of the last, as JSON."""
    where = urllib.parse.urlsplit(url)
    took, size = [], 0
    for _ in range(times):
        started = time.perf_counter()
        connection = http.client.HTTPConnection(where.netloc, timeout=10)
        connection.request("GET", where.path, headers={"Accept": accept})
        size = len(connection.getresponse().read())
        connection.close()
        took.append(time.perf_counter() - started)
        time.sleep(0.01)
    print(json.dumps({"took": took, "bytes": size}))


def busy(telemetry: Telemetry) -> None:
    """Fill the service's own histograms as a running service has them."""
    for k in range(12):
        telemetry.ran(f"graph {k}", 100, 0.01)
        telemetry.rpc(f"Service/Method{k}", "OK", 0.01)
        telemetry.outcome(f"monitor-{k}", "late", 1, example=k)


def peer_ms(series: int) -> float:
    """Return the median CPU time of prometheus_client's text of as many gauges, milliseconds."""
    registry = CollectorRegistry()
    gauge = Gauge("peer", "A gauge.", ["monitor", "model", "window", "slice"], registry=registry)
    for k in range(series):
        gauge.labels("monitor", "detector", "1h", f"camera={k}").set(1 / 3)
    took = []
    for _ in range(7):
        started = time.process_time()
        generate_latest(registry)
        took.append(time.process_time() - started)
    return float(np.median(took)) * 1e3


def cpu_ms(telemetry: Telemetry, made: list[MonitorReport]) -> float:
    """Return the median CPU time of a scrape's text right after a publication, milliseconds."""
    took = []
    for each in made[:50]:
        telemetry.publish(each)
        started = time.process_time()
        telemetry.text()
        took.append(time.process_time() - started)
    return float(np.median(took)) * 1e3


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--monitors", type=int, default=10)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--rate", type=float, default=100.0, help="reports published a second")
    parser.add_argument("--scrapes", type=int, default=500)
    parser.add_argument("--scrape", nargs=2, metavar=("URL", "ACCEPT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.scrape:
        scrape(*asked.scrape, asked.scrapes)
        return

    telemetry = Telemetry(CollectorRegistry(), max_series=1_000_000)
    busy(telemetry)
    made = list(reports(asked.monitors, asked.cameras))
    for each in made:
        telemetry.publish(each)
    text = telemetry.text()
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    print(
        f"{len(made)} reports, {series} series, {len(text) / 1e6:.1f} MB; {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    server = MetricsServer(telemetry.scraped, lambda: True)
    url = f"http://127.0.0.1:{server.start('127.0.0.1', 0)}/metrics"
    try:
        for name, accept in FORMATS.items():
            started = time.perf_counter()
            with publishing(telemetry, made, asked.rate) as published:
                command = [sys.executable, __file__, "--scrapes", str(asked.scrapes)]
                done = subprocess.run(
                    [*command, "--scrape", url, accept], capture_output=True, text=True, check=True
                )
            rate = len(published) / (time.perf_counter() - started)
            took = np.array(json.loads(done.stdout)["took"]) * 1e3
            p50, p99 = np.percentile(took, [50, 99])
            print(
                f"{name}: scrape p50 {p50:.1f} ms, p99 {p99:.1f} ms (limit {LIMIT_MS:.0f}) while "
                f"{rate:.0f} reports a second come, {np.median(published) * 1e3:.2f} ms each"
            )
    finally:
        server.stop()
    print(f"CPU time of a scrape after a publication: {cpu_ms(telemetry, made):.1f} ms")
    peer = peer_ms(series)
    print(f"prometheus_client, as many gauges of one family: {peer:.1f} ms")


if __name__ == "__main__":
    main()
