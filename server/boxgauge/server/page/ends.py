"""The two ends of an interval, or None where one is undefined."""

from boxgauge.engine.analysis.intervals import Interval, Intervals
from boxgauge.engine.online.quality import Quality

Ends = tuple[float, float]


def ends(low: float | None, high: float | None) -> Ends | None:
    """Return both ends, or None where one is undefined."""
    return None if low is None or high is None else (low, high)


def certified(quality: Quality, statistic: str) -> Ends | None:
    """Return the ends that contain the exact value of one of the 12; None where it is exact."""
    if quality.low is None or quality.high is None:
        return None
    low, high = (getattr(each.statistics, statistic) for each in (quality.low, quality.high))
    return ends(low, high)


def certified_class(quality: Quality, entry: int) -> Ends | None:
    """Return the ends that contain the exact AP of a class, by its place in the report."""
    if quality.low is None or quality.high is None:
        return None
    return ends(quality.low.classes[entry].ap, quality.high.classes[entry].ap)


def confidence(intervals: Intervals | None, statistic: str) -> Ends | None:
    """Return the ends of the 95% interval of one of the 12."""
    return of_interval(intervals.statistics.get(statistic)) if intervals else None


def of_interval(interval: Interval | None) -> Ends | None:
    """Return the ends of an interval of resampling."""
    return ends(interval.low, interval.high) if interval else None
