"""Answers on their way to their readers: those that are not read in time end their calls."""

import asyncio
import gc
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count
from typing import Any, cast


@dataclass(slots=True)
class _Answer:
    method: str
    call: "asyncio.Task[Any]"
    size: int
    request_bytes: int
    since: float


class Unsent:
    """Bounds how long answers wait for their readers, and how much is held meanwhile.

    HTTP/2 lets a client take no more bytes for ever, and gRPC waits as long: the answer, and the
    call, would be held until the connection is too old.

    Args:
        on_cut: Told of the method of each call that is ended.
        unread_s: Seconds that an answer may wait.
        most_bytes: Of all answers that wait; beyond it the oldest give way.
        most_request_bytes: Of the requests that are held as long as these; likewise.
    """

    def __init__(
        self,
        on_cut: Callable[[str], None],
        *,
        unread_s: float,
        most_bytes: int,
        most_request_bytes: int,
    ) -> None:
        self._on_cut = on_cut
        self._unread_s = unread_s
        self._most_bytes = most_bytes
        self._most_request_bytes = most_request_bytes
        self._answers: dict[int, _Answer] = {}  # oldest first
        self._bytes = self._request_bytes = 0
        self._numbers = count()
        self._period_s = unread_s / 4
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def begin(self, method: str, size: int, request_bytes: int = 0) -> int:
        """Count an answer of the call that runs as on its way, and return its number.

        Args:
            method: That answers.
            size: Of the answer, bytes.
            request_bytes: What is held of its request until it is sent.
        """
        loop = asyncio.get_running_loop()
        call = cast("asyncio.Task[Any]", asyncio.current_task())
        number = next(self._numbers)
        self._answers[number] = _Answer(method, call, size, request_bytes, loop.time())
        self._bytes += size
        self._request_bytes += request_bytes
        if self._bytes > self._most_bytes or self._request_bytes > self._most_request_bytes:
            self._cut_until_it_fits()
        if self._timer is None and self._answers:
            self._look_later()
        return number

    def end(self, number: int) -> None:
        """Count an answer as sent, or given up."""
        answer = self._answers.pop(number, None)
        if answer is not None:
            self._bytes -= answer.size
            self._request_bytes -= answer.request_bytes

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._period_s
        self._timer = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        # A loop that was busy for so long has not yet heard of what was read meanwhile.
        if now - self._due < self._period_s:
            self._cut(
                [
                    number
                    for number, each in self._answers.items()
                    if now - each.since > self._unread_s
                ]
            )
        if self._answers:
            self._look_later()

    def _cut_until_it_fits(self) -> None:
        left, left_requests = self._bytes, self._request_bytes
        cut = []
        for number, each in self._answers.items():
            is_over = left > self._most_bytes
            if is_over or (left_requests > self._most_request_bytes and each.request_bytes):
                cut.append(number)
                left -= each.size
                left_requests -= each.request_bytes
        self._cut(cut)

    def _cut(self, numbers: Collection[int]) -> None:
        answers = [self._answers[number] for number in numbers]
        for number, answer in zip(numbers, answers, strict=True):
            self.end(number)
            self._on_cut(answer.method)
        if answers:
            _cut_off({each.call for each in answers})


def _cut_off(calls: "set[asyncio.Task[Any]]") -> None:
    """End calls as CANCELLED although their clients take no more bytes.

    No status can be sent behind an answer that waits for its reader, and gRPC's asyncio server has
    no way to reset a stream. It does so once nothing holds the call any more: neither the task
    that runs its method nor the one around that, which waits for the client to go and of which
    gRPC tells nobody. That one is found by what it refers to.
    """
    around = [each for each in asyncio.all_tasks() if _holds(each, calls)]
    for each in (*calls, *around):
        each.cancel()


def _holds(task: "asyncio.Task[Any]", calls: "set[asyncio.Task[Any]]") -> bool:
    coroutine: object = task.get_coro()
    if getattr(coroutine, "__name__", "") != "_schedule_rpc_coro":
        return False
    return any(
        isinstance(each, asyncio.Task) and each in calls
        for held in gc.get_referents(coroutine)
        for each in gc.get_referents(held)
    )
