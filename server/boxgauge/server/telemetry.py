"""All metrics of the service, on the registry it is given."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from boxgauge.frames import ImageId
from boxgauge.server.content_types import OPEN_METRICS, PROMETHEUS, wants_open_metrics
from boxgauge.server.exposition import Exposition, facts
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.reports import MonitorComparison, MonitorReport
from boxgauge.server.monitor.sides import Side
from boxgauge.server.registry_text import registry_text
from boxgauge.server.resting import ENDS
from boxgauge.server.series.made import made as _made
from boxgauge.server.workings import Workings

_RPC_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)
_RUN_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)
_ITEM_BUCKETS = tuple(float(4**k) for k in range(11))
_REPORT_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_OUTCOMES = ("accepted", "unchanged", "refused")
# OpenMetrics' own bound on an exemplar's labels, names included.
_MAX_EXEMPLAR = 128


class Follower(Protocol):
    """Is told of reports as they are exported, on the event loop."""

    def record(self, made: MonitorReport) -> None:
        """Take this report in place of the last one of its model, window and slice."""

    def compared(self, made: MonitorComparison) -> None:
        """Take this comparison in place of the last one of its models, window and slice."""

    def renewed(self, monitor: str, model: str, window: str, slice_: str) -> None:
        """Note that the last report of this model, window and slice still holds."""

    def refreshed(self, monitor: str, ago_s: float) -> None:
        """Note that a monitor's reports of all images were the newest state so long ago."""

    def forget(self, monitor: str) -> None:
        """Forget this monitor."""


class Telemetry:
    """What the service says about itself and, through reports, about the models.

    Label values come from our own tables: methods and graphs that exist, status
    codes, and names of monitors, models, windows and slices that were checked and counted.

    Args:
        registry: Where the metrics live; one for each service in a process.
        max_series: Series of reports and comparisons that are exported at a time.
        max_classes: Classes of a report with series of their own.

    Attributes:
        workings: What goes on inside.
        report_seconds: How long reports take.
        helper_ends: How often the process that makes them ended unasked.
    """

    def __init__(
        self, registry: CollectorRegistry, *, max_series: int = 20_000, max_classes: int = 100
    ) -> None:
        self._registry = registry
        self.workings = Workings(registry)
        self._quality = Exposition(max_series=max_series, max_classes=max_classes)
        self._followers: list[Follower] = []
        self._frames = _made(Counter, "boxgauge_frames_total", registry)
        for side in Side:
            for outcome in _OUTCOMES:
                # From zero on, for Prometheus cannot see a counter's first rise.
                self._frames.labels(side.value, outcome)
        self._outcomes = _made(Counter, "boxgauge_outcomes_total", registry)
        self._outcomes_of: dict[str, set[str]] = {}
        self._unread = _made(Counter, "boxgauge_unread_rpcs_total", registry)
        self._refused_streams = _made(Counter, "boxgauge_refused_streams_total", registry)
        for end in ENDS:
            self._refused_streams.labels(end)
        self._waiting = _made(Gauge, "boxgauge_waiting_bytes", registry)
        self._waiting_limit = _made(Gauge, "boxgauge_waiting_bytes_limit", registry)
        self._rpc_seconds = _made(Histogram, "boxgauge_rpc_seconds", registry, buckets=_RPC_BUCKETS)
        self._in_flight = _made(Gauge, "boxgauge_rpcs_in_flight", registry)
        self._batch_seconds = _made(
            Histogram, "boxgauge_batch_seconds", registry, buckets=_RUN_BUCKETS
        )
        self._batch_items = _made(
            Histogram, "boxgauge_batch_items", registry, buckets=_ITEM_BUCKETS
        )
        self.report_seconds = _made(
            Histogram, "boxgauge_report_seconds", registry, buckets=_REPORT_BUCKETS
        )
        self._helper_memory = _made(
            Gauge, "boxgauge_report_process_resident_memory_bytes", registry
        )
        self.helper_ends = _made(Counter, "boxgauge_report_process_ends_total", registry)
        self._held = _made(Gauge, "boxgauge_held_boxes", registry)
        self._held_limit = _made(Gauge, "boxgauge_held_boxes_limit", registry)
        self._held_images = _made(Gauge, "boxgauge_held_images", registry)
        self._held_images_limit = _made(Gauge, "boxgauge_held_images_limit", registry)
        self._journal = _made(Gauge, "boxgauge_journal_bytes", registry)
        self._journal_limit = _made(Gauge, "boxgauge_journal_bytes_limit", registry)
        self.monitors_out_of_service = _made(Gauge, "boxgauge_monitors_out_of_service", registry)
        self.monitors_behind = _made(Gauge, "boxgauge_monitors_behind", registry)
        self._journal_free = _made(Gauge, "boxgauge_journal_free_bytes", registry)
        self._journal_lost = _made(Gauge, "boxgauge_journal_lost_rows", registry)
        self._verified = _made(Gauge, "boxgauge_recovery_verified_rows", registry)
        self._replayed = _made(Gauge, "boxgauge_recovery_replayed_changes", registry)
        self._recovery_seconds = _made(Gauge, "boxgauge_recovery_seconds", registry)
        self._build = _made(Gauge, "boxgauge_build_info", registry)
        self._provider = _made(Gauge, "boxgauge_provider_info", registry)

    def describe(self, *, version: str, provider: str, ledger: Ledger) -> None:
        """Set what is known once the service has started."""
        self._build.labels(version).set(1)
        self._provider.labels(provider).set(1)
        self._held.set_function(lambda: ledger.boxes)
        self._held_limit.set(ledger.max_boxes)
        self._held_images.set_function(lambda: ledger.images)
        self._held_images_limit.set(ledger.max_images)

    def journal(
        self,
        size: Callable[[], int],
        free: Callable[[], int],
        limit: int,
        is_writable: Callable[[], bool],
    ) -> None:
        """Export the bytes that the journal uses, has free, and may use; and if it is written."""
        self._journal.set_function(size)
        self._journal_free.set_function(free)
        self._journal_limit.set(limit)
        # Made only now: at 0 it is an alert, and nobody has tried to write before.
        writable = _made(Gauge, "boxgauge_journal_writable", self._registry)
        writable.set_function(is_writable)

    def waiting(self, size: Callable[[], int], limit: int) -> None:
        """Export the bytes held for messages that are read and not answered, and their bound."""
        self._waiting.set_function(size)
        self._waiting_limit.set(limit)

    def helper_memory(self, size: Callable[[], int]) -> None:
        """Export the bytes that the process that makes reports takes."""
        self._helper_memory.set_function(size)

    def unread(self, method: str) -> None:
        """Count one RPC that was cut off since its client did not read; ``method`` is served."""
        self._unread.labels(method).inc()

    def rested(self, end: str) -> None:
        """Count one stream that was refused; ``end``, one of `ENDS`, ended reading it on."""
        self._refused_streams.labels(end).inc()

    def verified(self, rows: int) -> None:
        """Export how many rows of the journal this start has verified so far."""
        self._verified.set(rows)

    def lost(self, rows: int) -> None:
        """Export how much of what was acknowledged was given up."""
        self._journal_lost.set(rows)

    def recovered(self, changes: int, seconds: float) -> None:
        """Export how many changes this start has replayed, and how long its recovery took."""
        self._replayed.set(changes)
        self._recovery_seconds.set(seconds)

    def observed(
        self,
        outcomes: Mapping[tuple[Side, str], int],
        *,
        monitor: str = "",
        examples: Mapping[tuple[Side, str], ImageId] | None = None,
    ) -> None:
        """Count frames by side and outcome.

        Args:
            outcomes: How many there were of each.
            monitor: To which they came.
            examples: An image of some of them, which becomes the exemplar of the count.
        """
        for key, count in outcomes.items():
            if count:
                counter = self._frames.labels(key[0].value, key[1])
                counter.inc(count, _exemplar(monitor, (examples or {}).get(key)))

    def outcome(
        self, monitor: str, outcome: str, count: int, *, example: ImageId | None = None
    ) -> None:
        """Count what frames of a monitor came to that no report counts.

        A count of 0 exports the series from zero on: Prometheus cannot see its first rise else.
        """
        self._outcomes.labels(monitor, outcome).inc(count, _exemplar(monitor, example))
        self._outcomes_of.setdefault(monitor, set()).add(outcome)

    def rpc_begins(self, method: str) -> Gauge:
        """Count one RPC as under way; ``dec`` of what is returned says that it has ended."""
        under_way = self._in_flight.labels(method)
        under_way.inc()
        return under_way

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

    def compared(self, made: MonitorComparison) -> None:
        """Export this comparison from now on."""
        self._quality.compared(made)
        for each in self._followers:
            each.compared(made)

    def renewed(self, monitor: str, model: str, window: str, slice_: str) -> None:
        """Note that the exported report of this model, window and slice still holds."""
        for each in self._followers:
            each.renewed(monitor, model, window, slice_)

    def refreshed(
        self, monitor: str, labelled_images: int, watermark_us: int, *, ago_s: float = 0.0
    ) -> None:
        """Note that a monitor's exported reports of all images were current so long ago.

        Args:
            monitor: Its name.
            labelled_images: Images with ground truth.
            watermark_us: Highest event time, microseconds since 1970; 0: none yet.
            ago_s: When the first of them may have read its state.
        """
        self._quality.note(
            monitor,
            **facts(labelled_images, watermark_us),
            boxgauge_report_timestamp_seconds=time.time() - ago_s,
        )
        for each in self._followers:
            each.refreshed(monitor, ago_s)

    def tallies(self, monitor: str, size: int, limit: int) -> None:
        """Export how many bytes a monitor's tallies have in memory, and may have."""
        self._quality.note(monitor, boxgauge_tally_bytes=size, boxgauge_tally_bytes_limit=limit)

    def forget(self, monitor: str) -> None:
        """Export nothing of this monitor any more."""
        self._quality.forget(monitor)
        for outcome in self._outcomes_of.pop(monitor, ()):
            self._outcomes.remove(monitor, outcome)
        for each in self._followers:
            each.forget(monitor)

    def scraped(self, accept: str) -> tuple[str, bytes]:
        """Return the content type and the text that a scraper with this Accept header wants."""
        if wants_open_metrics(accept):
            return OPEN_METRICS, self.open_metrics()
        return PROMETHEUS, self.text()

    def text(self) -> bytes:
        """Return everything in Prometheus' text format, version 0.0.4."""
        return registry_text(self._registry, open_metrics=False) + self._quality.text()

    def open_metrics(self) -> bytes:
        """Return everything in OpenMetrics' text format, version 1.0.0, with exemplars."""
        own = registry_text(self._registry, open_metrics=True)
        return own + self._quality.text() + b"# EOF\n"


def _exemplar(monitor: str, image_id: ImageId | None) -> dict[str, str] | None:
    """Return the labels of an exemplar; None where there is no image or no room for its id."""
    if image_id is None:
        return None
    labels = {"monitor": monitor, "image_id": str(image_id)}
    is_short = sum(len(name) + len(value) for name, value in labels.items()) <= _MAX_EXEMPLAR
    return labels if is_short else None
