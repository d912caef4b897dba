"""A stream that outlives its connection: what was not answered is sent again on the next one."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from boxgauge.frames import UnavailableError

T = TypeVar("T")
A = TypeVar("A")
FIRST_WAIT_S, LONGEST_WAIT_S, TRIES = 0.5, 8.0, 7


class Unanswered(Generic[T]):
    """Items of a source, kept until they are answered; each attempt begins with those that are not.

    An attempt reads in a thread of gRPC's, and the one before it may still be waiting for the
    source: what that one takes is kept as well, and is the next attempt's.

    Args:
        items: The source; read once.
    """

    def __init__(self, items: Iterable[T]) -> None:
        self._source = iter(items)
        self._kept: deque[T] = deque()
        self._answered = 0
        self._reading = threading.Lock()
        self._lock = threading.Lock()

    def answered(self) -> None:
        """Let the oldest one go."""
        with self._lock:
            self._kept.popleft()
            self._answered += 1

    def attempt(self) -> Iterator[T]:
        """Yield what is not answered yet, in order, and then the rest of the source."""
        place = self._answered
        while self._has(place):
            with self._lock:
                if place < self._answered:
                    return  # a later attempt has had the answer
                item = self._kept[place - self._answered]
            yield item
            place += 1

    def _has(self, place: int) -> bool:
        """Say whether there is an item of this number, which may take until it is due."""
        with self._reading:
            while True:
                with self._lock:
                    if place < self._answered + len(self._kept):
                        return True
                try:
                    item = next(self._source)
                except StopIteration:
                    return False
                with self._lock:
                    self._kept.append(item)


def over_connections(
    items: Iterable[T],
    send: Callable[[Iterator[T]], Iterable[A]],
    told: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[A]:
    """Yield one answer an item, over as many connections as that takes.

    Args:
        items: What is sent.
        send: Sends items on a stream and yields an answer each, in order.
        told: Told, in words, of each connection that was lost.
        wait: Waits for so many seconds.

    Raises:
        UnavailableError: Nothing was ever answered, or not for several attempts in a row.
    """
    unanswered = Unanswered(items)
    failures, is_answered, wait_s = 0, False, FIRST_WAIT_S
    while True:
        try:
            for answer in send(unanswered.attempt()):
                failures, is_answered, wait_s = 0, True, FIRST_WAIT_S
                unanswered.answered()
                yield answer
        except UnavailableError as error:
            failures += 1
            if not is_answered or failures >= TRIES:
                raise
            told(f"{error}; connecting again in {wait_s:g} s")
        else:
            return
        wait(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
