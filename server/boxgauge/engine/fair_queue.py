"""A queue in which callers take turns: who brings much waits behind its own, not before others."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Queued(Generic[T]):
    """One item that waits.

    Attributes:
        caller: Who brought it.
        item: What was brought.
        cost: Of the turn that it takes.
        size: What it holds while it waits.
        is_gone: It was taken or dropped.
    """

    caller: str
    item: T
    cost: float
    size: int
    is_gone: bool = False


@dataclass(slots=True)
class _Line(Generic[T]):
    """What one caller has waiting, oldest first, and until when it has had its share."""

    waiting: deque[Queued[T]] = field(default_factory=deque)
    size: int = 0
    until: float = 0.0


class FairQueue(Generic[T]):
    """Start-time fair queueing: each caller gets the same cost served while it has items.

    An item begins, in virtual time, where its caller's last one ended, and who begins first is
    served first. Items of one caller keep their order. Who has had less than the others is next,
    however much they have waiting; nobody saves up turns while it is away.

    Attributes:
        size: Of everything that waits.

    References:
        Goyal, Vin, Cheng, "Start-time fair queueing: a scheduling algorithm for integrated
        services packet switching networks", SIGCOMM 1996, section 2.
    """

    def __init__(self) -> None:
        self.size = 0
        self._lines: dict[str, _Line[T]] = {}
        self._heap: list[tuple[float, float, int, Queued[T]]] = []
        self._numbers = count()
        self._now = 0.0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def put(self, caller: str, item: T, *, cost: float = 1, size: int = 1) -> Queued[T]:
        """Let an item wait, and return what it is dropped by."""
        line = self._lines.setdefault(caller, _Line())
        start = max(line.until, self._now)
        line.until = start + cost
        queued = Queued(caller, item, cost, size)
        line.waiting.append(queued)
        line.size += size
        self.size += size
        self._length += 1
        # Of those that begin together the smallest first: it delays the others least.
        heappush(self._heap, (start, line.until, next(self._numbers), queued))
        return queued

    def first(self) -> Queued[T] | None:
        """Return whose turn it is, without taking it."""
        while self._heap and self._heap[0][3].is_gone:
            heappop(self._heap)
        return self._heap[0][3] if self._heap else None

    def take(self) -> T:
        """Return the item whose turn it is; there must be one."""
        queued = self.first()
        if queued is None:
            raise IndexError("the queue is empty")
        self._now = heappop(self._heap)[0]
        self._leave(queued)
        return queued.item

    def drop(self, queued: Queued[T]) -> None:
        """Let an item wait no more, if it still does."""
        if queued.is_gone:
            return
        line = self._lines[queued.caller]
        if line.waiting[-1] is queued:
            line.until -= queued.cost
        self._leave(queued)
        # Many that gave up must not fill the heap behind one that waits long.
        if len(self._heap) > 2 * self._length + 64:
            self._heap = sorted(each for each in self._heap if not each[3].is_gone)

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield the callers with something waiting, and the size of all that each of them has."""
        return ((caller, line.size) for caller, line in self._lines.items() if line.waiting)

    def newest_of(self, caller: str) -> Queued[T] | None:
        """Return a caller's last item, of those with a size."""
        line: _Line[T] = self._lines.get(caller, _Line())
        return next((each for each in reversed(line.waiting) if each.size), None)

    def _leave(self, queued: Queued[T]) -> None:
        queued.is_gone = True
        line = self._lines[queued.caller]
        if line.waiting[0] is queued:
            line.waiting.popleft()
        else:
            line.waiting.remove(queued)
        line.size -= queued.size
        self.size -= queued.size
        self._length -= 1
        if len(self._lines) > 2 * self._length + 64:
            self._lines = {
                caller: each
                for caller, each in self._lines.items()
                if each.waiting or each.until > self._now
            }
