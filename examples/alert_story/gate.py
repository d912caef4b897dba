"""What the rule BoxGaugePrecisionDropped asks, in Python, for a machine without Prometheus."""

from dataclasses import dataclass
from statistics import median

from alert_story.history import FIRING, INACTIVE, PENDING

# As in docker/prometheus/rules; a test compares. Minutes of event time.
FOR_MIN, PAST_MIN, OFFSET_MIN, SOURCES_MIN = 15.0, 1440.0, 60.0, 1500.0
POSITIVES, COVERAGE = 50, 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What a report says at some minute of the story; None where it is undefined."""

    minute: float
    low: float | None
    high: float | None
    positives: int
    coverage: float | None
    sources: frozenset[str]


class Gate:
    """Judges one reading after the other."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._since: float | None = None

    def judge(self, now: Reading) -> tuple[str, float | None]:
        """Return the alert's state, and what the upper end was held against."""
        self._readings.append(now)
        baseline = self._baseline(now.minute)
        if not self._is_dropped(now, baseline):
            self._since = None
            return INACTIVE, baseline
        if self._since is None:
            self._since = now.minute
        return (FIRING if now.minute - self._since >= FOR_MIN else PENDING), baseline

    def _is_dropped(self, now: Reading, baseline: float | None) -> bool:
        if baseline is None or now.high is None or now.coverage is None:
            return False
        recent = [each for each in self._readings if each.minute > now.minute - SOURCES_MIN]
        sources = frozenset[str]().union(*(each.sources for each in recent))
        return (
            now.high < baseline
            and now.positives >= POSITIVES
            and now.coverage >= COVERAGE
            and len(sources) == 1
        )

    def _baseline(self, minute: float) -> float | None:
        end = minute - OFFSET_MIN
        past = [
            each.low
            for each in self._readings
            if each.low is not None and end - PAST_MIN < each.minute <= end
        ]
        return median(past) if past else None
