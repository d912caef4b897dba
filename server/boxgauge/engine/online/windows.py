"""Windows of event time and the buckets that they are made of."""

from dataclasses import dataclass

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000


@dataclass(frozen=True, slots=True)
class Ring:
    """How many buckets of each width are kept; older ones are joined into wider ones.

    Attributes:
        minutes: Buckets of a minute, the newest ones.
        hours: Buckets of an hour behind them.
        days: Buckets of a day (UTC) behind those.
    """

    minutes: int = 60
    hours: int = 48
    days: int = 90


@dataclass(frozen=True, slots=True)
class Window:
    """For which images reports are made.

    Attributes:
        name: As shown, for example ``1h``.
        duration_us: Event time, ending with the watermark's bucket; 0: see ``images``.
        images: The newest so many by event time, in whole buckets; 0 with a duration of 0: all
            that is kept.
    """

    name: str = "all"
    duration_us: int = 0
    images: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """Whole buckets of event time: from the first microsecond up to, but without, the last."""

    from_us: int
    until_us: int
