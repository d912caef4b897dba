"""Room for calls under way: those beyond it wait their turn, so that memory stays bounded."""

import asyncio
from collections import deque


class Room:
    """A bound on calls and on their bytes; first come, first served.

    Args:
        calls: At a time.
        size: Bytes of all of them; a larger one alone gets in when there is nobody else.
    """

    def __init__(self, calls: int, size: int) -> None:
        self._calls = calls
        self._size = size
        self._inside = 0
        self._used = 0
        self._entering = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def enter(self, size: int) -> None:
        """Wait until there is room for this many bytes, and take it."""
        # Who was let in and has not yet gone on is before whoever comes now.
        if not self._waiting and not self._entering and self._fits(size):
            self._take(size)
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._entering -= 1
                self.leave(size)  # it had got in at the same moment
            else:
                self._waiting.remove((size, turn))
                self._let_in()
            raise
        self._entering -= 1
        if not self._entering:
            # For those who queued behind it though there was room.
            self._let_in()

    def leave(self, size: int) -> None:
        """Give the room back to those who wait."""
        self._inside -= 1
        self._used -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            size, turn = self._waiting.popleft()
            if turn.done():  # given up; it never was inside
                continue
            self._take(size)
            self._entering += 1
            turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return not self._inside or (self._inside < self._calls and self._used + size <= self._size)

    def _take(self, size: int) -> None:
        self._inside += 1
        self._used += size
