"""Which calls can still be answered by their deadlines: the others are refused as they begin."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from boxgauge.frames import ResourceExhaustedError

_MARGIN = 1.5  # by which an answer may come later than reckoned


class Punctual:
    """Counts calls with a deadline that wait for their first answer.

    Of ten times the calls that can be answered, all would be read, at the cost of those that could
    be, and all end unanswered. Callers share evenly: one's calls are refused for its own number.
    """

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def expected(self, caller: str, left_s: float | None, rate: float) -> "Iterator[Expected]":
        """Count a call from here to its first answer, or its end.

        Args:
            caller: Who calls.
            left_s: Until its deadline; None: it has none, and waits as long as it must.
            rate: Messages that are answered a second.

        Raises:
            ResourceExhaustedError: It would come too late.
        """
        if left_s is None:
            yield Expected(Counter(), caller)
            return
        number = self._waiting[caller] + 1
        callers = len(self._waiting) + (caller not in self._waiting)
        needed_s = number * callers / rate
        if _MARGIN * needed_s > left_s and number > 1:
            raise ResourceExhaustedError(
                f"the service is busy: {number} calls of yours would take {needed_s:.1f} s,"
                f" and {left_s:.1f} s are left: call again later",
                field="deadline",
                value=f"{left_s:.3f}",
            )
        call = Expected(self._waiting, caller)
        try:
            yield call
        finally:
            call.answered()


class Expected:
    """A call that waits for its first answer."""

    def __init__(self, waiting: Counter[str], caller: str) -> None:
        self._waiting = waiting
        self._caller = caller
        self._is_waiting = True
        waiting[caller] += 1

    def answered(self) -> None:
        """Count it no more."""
        if not self._is_waiting:
            return
        self._is_waiting = False
        self._waiting[self._caller] -= 1
        if not self._waiting[self._caller]:
            del self._waiting[self._caller]
