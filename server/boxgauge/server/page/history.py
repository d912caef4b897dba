"""What was reported over time, in bounded memory."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.page.ends import Ends, certified, confidence

# A point takes about 400 bytes: at most some 25 MB for all monitors together.
MAX_POINTS = 65_536
MAX_SERIES_POINTS = 720


@dataclass(frozen=True, slots=True)
class Point:
    """What one report said; absent is None.

    Attributes:
        time_us: When it was recorded, microseconds since 1970 by the service's clock.
        watermark_us: The monitor's highest event time then.
        certified: Ends that contain the exact AP; None where ``ap`` is exact.
        confidence: Ends of the 95% interval of the AP.
    """

    time_us: int
    watermark_us: int
    ap: float | None
    certified: Ends | None
    confidence: Ends | None
    ap50: float | None
    precision: float | None
    recall: float | None
    images: int
    label_coverage: float | None


class History:
    """Points of each monitor, model and window, of all images; slices have none.

    A series that is full loses every second point of its older half: what is recent stays
    dense, what is old becomes sparse and never ends abruptly. The more series there are, the
    fewer points each may have.

    Args:
        now: Seconds since 1970.
        max_points: Of all series together.
    """

    def __init__(
        self, now: Callable[[], float] = time.time, *, max_points: int = MAX_POINTS
    ) -> None:
        self._now = now
        self._max_points = max_points
        self._lock = threading.Lock()
        self._series: dict[tuple[str, str, str], list[Point]] = {}

    def record(self, made: MonitorReport) -> None:
        """Keep what this report says; one of a slice is passed over."""
        if made.slice:
            return
        now_us = int(self._now() * 1e6)
        with self._lock:
            points = self._series.setdefault((made.monitor, made.model, made.window.name), [])
            # Later than the last one, even where the clock was set back.
            points.append(point_of(made, max(now_us, points[-1].time_us + 1 if points else 0)))
            most = self._most()
            # A new series leaves less to all others.
            for each in self._series.values() if len(points) == 1 else (points,):
                while len(each) > most:
                    _thin(each)

    def forget(self, monitor: str) -> None:
        """Keep nothing of this monitor any more."""
        with self._lock:
            self._series = {key: each for key, each in self._series.items() if key[0] != monitor}

    def points(self, monitor: str, model: str, window: str) -> tuple[Point, ...]:
        """Return the points of one series, oldest first."""
        with self._lock:
            return tuple(self._series.get((monitor, model, window), ()))

    def _most(self) -> int:
        return min(MAX_SERIES_POINTS, max(self._max_points // len(self._series), 2))


def point_of(made: MonitorReport, time_us: int) -> Point:
    """Return what a report says in one point."""
    quality, report = made.quality, made.report
    return Point(
        time_us=time_us,
        watermark_us=made.watermark_us,
        ap=report.statistics.AP,
        certified=certified(quality, "AP"),
        confidence=confidence(quality.confidence, "AP"),
        ap50=report.statistics.AP50,
        precision=report.operating_point.precision,
        recall=report.operating_point.recall,
        images=report.images,
        label_coverage=made.label_coverage,
    )


def _thin(points: list[Point]) -> None:
    """Drop every second of the older half, but never the first."""
    half = (len(points) + 1) // 2
    points[:half] = points[:half:2]
