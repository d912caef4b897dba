"""How long to wait before another attempt."""

from collections.abc import Callable


class Backoff:
    """Doubles the wait after each failure, and draws each one between its half and its whole.

    Without that jitter, all feeds that a service has lost would come back together.

    Args:
        first_s: The first wait at most.
        most_s: No wait is longer.
        random: Draws from [0, 1).
    """

    def __init__(self, first_s: float, most_s: float, random: Callable[[], float]) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._random = random
        self._failures = 0

    def wait_s(self) -> float:
        """Return how long to wait after one more failure, seconds."""
        # Beyond 2**30 the first wait has long passed any other; the power would overflow.
        whole = min(self._first_s * 2.0 ** min(self._failures, 30), self._most_s)
        self._failures += 1
        return whole * (0.5 + 0.5 * self._random())

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0
