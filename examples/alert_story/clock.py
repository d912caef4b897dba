"""Event time that runs faster than the clock on the wall."""

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class EventClock:
    """Turns wall time into event time, which starts in the past and runs ahead.

    Attributes:
        speed: Seconds of event time a second.
        length_s: How much event time may pass before it would be ahead of the wall's.
        started: Unix time at which it started.
    """

    speed: float
    length_s: float
    started: float = field(default_factory=time.time)

    def start(self) -> None:
        """Let the story begin now."""
        self.started = time.time()

    def minutes(self, at: float | None = None) -> float:
        """Return the event minutes since the start, at this Unix time or now."""
        return ((time.time() if at is None else at) - self.started) * self.speed / 60

    def event_time(self, minutes: float) -> float:
        """Return a moment of the story as a time of events, seconds since 1970."""
        return self.started - self.length_s + minutes * 60
