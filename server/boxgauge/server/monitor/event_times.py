"""Event times: which ones are taken, given the clock and the newest image that is counted."""

from dataclasses import dataclass

from boxgauge.frames import FailedPreconditionError, InvalidInputError


class AheadError(InvalidInputError):
    """An event time that the service's clock has not reached."""


class LateError(FailedPreconditionError):
    """An event time from before the retention."""


@dataclass(slots=True)
class Times:
    """What a message's event times are judged by.

    Attributes:
        now_us: Of the service's clock.
        newest_us: The highest event time heard of, this message's included; 0: none yet.
        oldest_us: Nothing before it is taken.
        max_ahead_us: How far ahead of the clock a time may be.
        watermark_us: The highest event time that is counted.
    """

    now_us: int
    newest_us: int
    oldest_us: int
    max_ahead_us: int
    watermark_us: int

    def check(self, time_us: int) -> None:
        """Check an event time that a sender gave.

        Raises:
            InvalidInputError: It is before 1970 or ahead of the clock.
            FailedPreconditionError: It is older than the retention.
        """
        if not 0 < time_us <= self.now_us + self.max_ahead_us:
            ahead_s = self.max_ahead_us / 1e6
            wanted = (
                f"after 1970 and at most {ahead_s:g} s ahead of the service's clock ({self.now_us})"
            )
            kind = AheadError if time_us > 0 else InvalidInputError
            raise kind.at("event_times_us", time_us, wanted)
        if time_us < self.oldest_us:
            raise LateError(
                f"event_times_us is {time_us}: nothing before {self.oldest_us} is taken any more,"
                f" which is the retention behind the newest event time, {self.watermark_us}",
                field="event_times_us",
                value=time_us,
            )
