"""When each message of a replay goes out."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Protocol


class Part(Enum):
    """Which side of a batch goes out."""

    BOTH = "both"
    PREDICTIONS = "predictions"
    LABELS = "labels"


class Clock(Protocol):
    """Seconds, and waiting for them."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        ...

    def wait_until(self, moment_s: float) -> None:
        """Return when ``now`` has reached the moment."""
        ...


class WallClock:
    """The machine's own steady clock."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""
        return time.monotonic()

    def wait_until(self, moment_s: float) -> None:
        """Return when ``now`` has reached the moment."""
        while (left := moment_s - time.monotonic()) > 0:
            time.sleep(left)


def paced(
    sizes: Sequence[int], *, rate: float | None, label_delay_s: float, clock: Clock
) -> Iterator[tuple[int, Part]]:
    """Yield (batch, part) when its moment has come.

    Args:
        sizes: Images of each batch.
        rate: Images a second; a batch waits until its first image would be due.
            None: as fast as they are taken.
        label_delay_s: Seconds from a batch's predictions to its labels; 0: together.
        clock: What tells the time.
    """
    start = clock.now()
    waiting: deque[tuple[float, int]] = deque()
    sent = 0
    for k, size in enumerate(sizes):
        due = clock.now() if rate is None else start + sent / rate
        while waiting and waiting[0][0] <= due:
            moment, labelled = waiting.popleft()
            clock.wait_until(moment)
            yield labelled, Part.LABELS
        clock.wait_until(due)
        if label_delay_s:
            waiting.append((clock.now() + label_delay_s, k))
            yield k, Part.PREDICTIONS
        else:
            yield k, Part.BOTH
        sent += size
    for moment, labelled in waiting:
        clock.wait_until(moment)
        yield labelled, Part.LABELS
