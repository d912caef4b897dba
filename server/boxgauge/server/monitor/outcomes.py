"""What came of frames that no report counts, by reason: counted, never silent."""

from collections import Counter

from boxgauge.frames import ImageId
from boxgauge.server.telemetry import Telemetry

LATE, FUTURE, INVALID, UNKNOWN_CLASS = "late", "future", "invalid", "unknown_class"
FOLDED_SLICE, DROPPED_TAG = "folded_slice", "dropped_tag"
REFUSED, NOT_COUNTED = "refused", "not_counted"
EXPIRED_UNLABELLED, EXPIRED_UNPREDICTED = "expired_unlabelled", "expired_unpredicted"
EXPIRED_JOINED = "expired_joined"


class Outcomes:
    """Counts of one monitor since the service knows it.

    Args:
        monitor: Its name.
        telemetry: Told of each.
    """

    def __init__(self, monitor: str, telemetry: Telemetry) -> None:
        self._monitor = monitor
        self._telemetry = telemetry
        self._counts: Counter[str] = Counter()
        self.expose()

    def expose(self) -> None:
        """Export what an alert asks for from zero on: Prometheus cannot see a first rise else."""
        for outcome in (LATE, FUTURE):
            self._telemetry.outcome(self._monitor, outcome, 0)

    def count(self, outcome: str, times: int = 1, *, example: ImageId | None = None) -> None:
        """Count an outcome of so many frames, one of which may be named."""
        if times:
            self._counts[outcome] += times
            self._telemetry.outcome(self._monitor, outcome, times, example=example)

    def items(self) -> list[tuple[str, int]]:
        """Return the counts, ascending by outcome."""
        return sorted(self._counts.items())
