"""What goes on inside the service: queues, matching runs, the journal's transactions, the loop."""

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector

from boxgauge.server.journal.types import Commit
from boxgauge.server.series.made import made

_WAIT_BUCKETS = (0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_MESSAGE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_DISK_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_COUNT_BUCKETS = tuple(float(2**k) for k in range(13))
_PAIR_BUCKETS = tuple(float(4**k) for k in range(1, 12))
_ROW_BUCKETS = tuple(float(4**k) for k in range(8))
# Where work waits: for a thread of the pool, for the run before it to end, for a transaction to
# begin, for what came before it to be counted.
QUEUES = ("executor", "matching", "journal", "line")


class Workings:
    """Histograms and gauges of what no caller sees.

    Methods may be called from any thread.

    Args:
        registry: Where they live.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        waits = made(Histogram, "boxgauge_queue_seconds", registry, buckets=_WAIT_BUCKETS)
        self._waits = {queue: waits.labels(queue) for queue in QUEUES}
        self._message_seconds = made(
            Histogram, "boxgauge_message_seconds", registry, buckets=_MESSAGE_BUCKETS
        )
        self._message_images = made(
            Histogram, "boxgauge_message_images", registry, buckets=_COUNT_BUCKETS
        )
        self._images = made(Histogram, "boxgauge_matching_images", registry, buckets=_COUNT_BUCKETS)
        self._pairs = made(Histogram, "boxgauge_matching_pairs", registry, buckets=_PAIR_BUCKETS)
        self._commit, self._sync = (
            made(Histogram, f"boxgauge_journal_{each}_seconds", registry, buckets=_DISK_BUCKETS)
            for each in ("commit", "sync")
        )
        self._rows = made(Histogram, "boxgauge_journal_commit_rows", registry, buckets=_ROW_BUCKETS)
        self._calls = made(
            Histogram, "boxgauge_journal_commit_calls", registry, buckets=_COUNT_BUCKETS
        )
        self._lag = made(
            Histogram, "boxgauge_event_loop_lag_seconds", registry, buckets=_WAIT_BUCKETS
        )
        ProcessCollector(registry=registry)

    def waiting(self, queue: str) -> Callable[[float], None]:
        """Return what is told how many seconds something waited in one of `QUEUES`."""
        return self._waits[queue].observe

    def answered(self, sides: int, since: float) -> None:
        """Count a message of Observe that is acknowledged now.

        Args:
            sides: Of images, that it brought.
            since: `time.perf_counter` as it was read.
        """
        self._message_seconds.observe(time.perf_counter() - since)
        self._message_images.observe(sides)

    def matched(self, images: int, pairs: int, waited_s: Sequence[float]) -> None:
        """Count images that are matched together, and how long each of the calls waited for it."""
        self._images.observe(images)
        self._pairs.observe(pairs)
        for seconds in waited_s:
            self._waits["matching"].observe(seconds)

    def committed(self, commit: Commit) -> None:
        """Count a transaction of the journal."""
        self._commit.observe(commit.seconds)
        self._sync.observe(commit.sync_s)
        self._rows.observe(commit.rows)
        self._calls.observe(commit.jobs)
        for seconds in commit.waited_s:
            self._waits["journal"].observe(seconds)

    def lagged(self, seconds: float) -> None:
        """Note how late the event loop was."""
        self._lag.observe(seconds)
