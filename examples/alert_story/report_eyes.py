"""The story without Prometheus: reports asked for, and the same rule worked out in Python."""

import time

from alert_story.clock import EventClock
from alert_story.gate import Gate, Reading
from alert_story.history import INACTIVE, WINDOW, History
from alert_story.traffic import MODEL, MONITOR

from boxgauge.client import MonitorClient
from boxgauge.frames import FailedPreconditionError, NotFoundError

PACE_S = 0.5


class ReportEyes:
    """Asks the service for a report twice a second, and judges it."""

    name = "the reports themselves"

    def __init__(self, client: MonitorClient, clock: EventClock) -> None:
        self._client = client
        self._clock = clock
        self._gate = Gate()
        self._history = History()
        self._state = INACTIVE
        self._looked = 0.0

    def state(self) -> str:
        """Return the alert's state now."""
        if time.monotonic() - self._looked >= PACE_S:
            self._looked = time.monotonic()
            self._look()
        return self._state

    def history(self) -> History:
        """Return everything from the beginning to now."""
        return self._history

    def _look(self) -> None:
        try:
            report = self._client.get_report(MONITOR, model=MODEL, window=WINDOW).report
        except (NotFoundError, FailedPreconditionError):
            return  # the model has not said anything yet
        minute, seen = self._clock.minutes(), self._history
        interval = report.intervals["AP50"].confidence if "AP50" in report.intervals else None
        low, high = (None, None) if interval is None else (interval.low, interval.high)
        reading = Reading(
            minute,
            low,
            high,
            report.positives,
            report.label_coverage,
            frozenset(each.source for each in report.label_sources if each.images),
        )
        self._state, baseline = self._gate.judge(reading)
        drift = report.drift
        drifted = None if drift is None or drift.reason else any(f.drifted for f in drift.features)
        for line, value in (
            (seen.ap50, report.statistics["AP50"]),
            (seen.low, low),
            (seen.high, high),
            (seen.baseline, baseline),
            (seen.coverage, report.label_coverage),
            (seen.drifted, drifted),
        ):
            if value is not None:
                line.append((minute, float(value)))
        seen.states.append((minute, self._state))
