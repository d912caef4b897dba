"""How a feed batches, waits and bounds."""

from dataclasses import dataclass, fields

from boxgauge.frames import InvalidInputError


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """What may be changed; every default fits a camera.

    Attributes:
        batch_images: Frames a message at most.
        batch_bytes: Bytes of frames from which on a message goes out.
        batch_age_s: How long a frame waits for others.
        window: Messages on their way at a time.
        max_spool_bytes: Size of the spool from which on recording is refused.
        fsync: Let recorded frames survive the loss of power too; costs a disk's write each.
        first_retry_s: Wait after the first failure; it doubles after each.
        most_retry_s: Wait between attempts at most.
        answer_timeout_s: How long the service may take to answer a message.
        refused_attempts: How often a frame is offered that a bound of its own is in the way of
            (its boxes, the monitor's models); while the service is full, frames wait.
        close_timeout_s: How long closing waits for what is not acknowledged; the rest stays
            in the spool.
    """

    batch_images: int = 64
    batch_bytes: int = 1 << 20
    batch_age_s: float = 0.25
    window: int = 8
    max_spool_bytes: int = 256 << 20
    fsync: bool = False
    first_retry_s: float = 0.25
    most_retry_s: float = 30.0
    answer_timeout_s: float = 60.0
    refused_attempts: int = 5
    close_timeout_s: float = 5.0

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(each.default, bool):
                continue
            if isinstance(each.default, int):
                fits = isinstance(value, int) and not isinstance(value, bool) and value >= 1
                wanted = "a whole number from 1"
            else:
                fits = isinstance(value, int | float) and value >= 0
                wanted = "a number of seconds from 0"
            if not fits:
                raise InvalidInputError.at(each.name, repr(value), wanted)
