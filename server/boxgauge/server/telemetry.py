"""All metrics of the service, on the registry it is given."""

import time
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from boxgauge.server.exposition import Exposition
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.monitor.sides import Side
from boxgauge.server.series import SERVICE

_SERIES = {series.name: series for series in SERVICE}
_RPC_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)
_RUN_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
_ITEM_BUCKETS = tuple(float(4**k) for k in range(11))
_REPORT_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

W = TypeVar("W", Counter, Gauge, Histogram)


class Follower(Protocol):
    """Is told of reports as they are exported, on the event loop."""

    def record(self, made: MonitorReport) -> None:
        """Take this report in place of the last one of its model, window and slice."""

    def refreshed(self, monitor: str) -> None:
        """Note that all of a monitor's reports are the newest state now."""

    def forget(self, monitor: str) -> None:
        """Forget this monitor."""


class Telemetry:
    """What the service says about itself and, through reports, about the models.

    Label values come from our own tables: methods and graphs that exist, status
    codes, and names of monitors and models that were checked and counted.

    Args:
        registry: Where the metrics live; one for each service in a process.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._quality = Exposition()
        self._refreshed: dict[str, float] = {}
        self._followers: list[Follower] = []
        self._frames = _made(Counter, "boxgauge_frames_total", registry)
        self._rpc_seconds = _made(Histogram, "boxgauge_rpc_seconds", registry, buckets=_RPC_BUCKETS)
        self._batch_seconds = _made(
            Histogram, "boxgauge_batch_seconds", registry, buckets=_RUN_BUCKETS
        )
        self._batch_items = _made(
            Histogram, "boxgauge_batch_items", registry, buckets=_ITEM_BUCKETS
        )
        self.report_seconds = _made(
            Histogram, "boxgauge_report_seconds", registry, buckets=_REPORT_BUCKETS
        )
        self._held = _made(Gauge, "boxgauge_held_boxes", registry)
        self._held_limit = _made(Gauge, "boxgauge_held_boxes_limit", registry)
        self._held_images = _made(Gauge, "boxgauge_held_images", registry)
        self._held_images_limit = _made(Gauge, "boxgauge_held_images_limit", registry)
        self._build = _made(Gauge, "boxgauge_build_info", registry)
        self._provider = _made(Gauge, "boxgauge_provider_info", registry)
        registry.register(_Ages(self._refreshed))

    def describe(self, *, version: str, provider: str, ledger: Ledger) -> None:
        """Set what is known once the service has started."""
        self._build.labels(version).set(1)
        self._provider.labels(provider).set(1)
        self._held.set_function(lambda: ledger.boxes)
        self._held_limit.set(ledger.max_boxes)
        self._held_images.set_function(lambda: ledger.images)
        self._held_images_limit.set(ledger.max_images)

    def observed(self, outcomes: Mapping[tuple[Side, str], int]) -> None:
        """Count frames by side and outcome."""
        for (side, outcome), count in outcomes.items():
            if count:
                self._frames.labels(side.value, outcome).inc(count)

    def rpc(self, method: str, code: str, seconds: float) -> None:
        """Count one RPC; ``method`` is one that is served."""
        self._rpc_seconds.labels(method, code).observe(seconds)

    def ran(self, graph: str, rows: int, seconds: float) -> None:
        """Count one run of a graph."""
        self._batch_seconds.labels(graph).observe(seconds)
        self._batch_items.labels(graph).observe(rows)

    def follow(self, follower: Follower) -> None:
        """Tell this follower, too, of all reports from now on."""
        self._followers.append(follower)

    def publish(self, made: MonitorReport) -> None:
        """Export this report from now on."""
        self._quality.publish(made)
        for each in self._followers:
            each.record(made)

    def refreshed(self, monitor: str, labelled_images: int) -> None:
        """Note that all of a monitor's exported reports are current now."""
        self._quality.labelled(monitor, labelled_images)
        self._refreshed[monitor] = time.monotonic()
        for each in self._followers:
            each.refreshed(monitor)

    def forget(self, monitor: str) -> None:
        """Export nothing of this monitor any more."""
        self._quality.forget(monitor)
        self._refreshed.pop(monitor, None)
        for each in self._followers:
            each.forget(monitor)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format, version 0.0.4."""
        return generate_latest(_WithoutCreated(self._registry)) + self._quality.text().encode()


class _Ages(Collector):
    """Age of each monitor's exported reports, counted when scraped."""

    def __init__(self, refreshed: Mapping[str, float]) -> None:
        self._refreshed = refreshed

    def describe(self) -> Iterable[Metric]:
        return [self._family()]

    def collect(self) -> Iterable[Metric]:
        now = time.monotonic()
        family = self._family()
        # Copied at once: the event loop may change it meanwhile.
        for monitor, at in list(self._refreshed.items()):
            family.add_metric([monitor], now - at)
        return [family]

    def _family(self) -> GaugeMetricFamily:
        series = _SERIES["boxgauge_report_age_seconds"]
        return GaugeMetricFamily(series.name, series.meaning, labels=series.labels)


class _WithoutCreated(Collector):
    """Drops the ``_created`` series, which no one reads and which double every histogram."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for family in self._registry.collect():
            family.samples = [s for s in family.samples if not s.name.endswith("_created")]
            yield family


def _made(kind: type[W], name: str, registry: CollectorRegistry, **options: object) -> W:
    series = _SERIES[name]
    return kind(name, series.meaning, series.labels, registry=registry, **options)  # type: ignore[arg-type]  # options differ by kind
