"""Calls of the journal: each one a job of its thread, awaited where it was asked for."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from boxgauge.frames import UnavailableError
from boxgauge.server.journal.room import Room
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.types import OnCommit
from boxgauge.server.journal.writer import Job, Writer

T = TypeVar("T")


class Calls:
    """The way from the event loop to the journal's thread and back.

    Args:
        store: Used by the thread alone from now on.
        room: Bounds the calls under way.
        on_commit: Called for each transaction.
    """

    def __init__(self, store: Store, room: Room, on_commit: OnCommit) -> None:
        self._store = store
        self._room = room
        self._stopped = asyncio.Event()
        self._is_open = True
        loop = asyncio.get_running_loop()
        self._writer = Writer(store, loop, self._stopped.set, on_commit)

    @property
    def file_bytes(self) -> int:
        """Return the bytes of the file in use as last committed, without its write-ahead log."""
        return self._store.file_bytes

    @property
    def free_bytes(self) -> int:
        """Return those bytes of it that are free."""
        return self._store.free_bytes

    @property
    def is_writable(self) -> bool:
        """Whether the last attempt to write went well."""
        return self._writer.is_writable

    async def do(
        self,
        run: Callable[[Store], T],
        settle: Callable[[T], None] = lambda _: None,
        *,
        size: int = 0,
        first: Callable[[Store], None] | None = None,
    ) -> T:
        """Have something done in a transaction and return its result.

        Args:
            run: What; on the journal's thread.
            settle: Called with the result on the event loop, even if nobody waits any more.
            size: Bytes that it brings.
            first: Done before the transaction, even where that fails.

        Raises:
            UnavailableError: The journal is closed.
        """
        self._check_open()
        since = time.perf_counter()
        await self._room.enter(size)
        if not self._is_open:
            self._room.leave(size)
            self._check_open()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        job = Job(
            lambda store: store.do(run),
            done,
            settle,
            lambda: self._room.leave(size),
            size,
            first,
            since,
        )
        self._writer.put(job)
        return await done

    async def close(self) -> None:
        """Do what was asked for, then end the thread; calls after this are refused."""
        if self._is_open:
            self._is_open = False
            self._writer.stop()
        await self._stopped.wait()

    def _check_open(self) -> None:
        if not self._is_open:
            raise UnavailableError("the journal is closed")
