"""The one thread that owns the journal's file: jobs that wait together are committed together."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from boxgauge.frames import DataLossError, UnavailableError
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.sweep import sweep
from boxgauge.server.journal.trouble import is_no_room, is_unsynced, shown, unsynced
from boxgauge.server.journal.types import Commit, OnCommit

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
# Of one transaction, so that the first to come does not wait for ever more.
_JOBS, _BYTES = 64, 8 * 2**20
# How often it is tried whether there is room again, where nobody writes.
_TRY_S = 1.0


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """Something to be done in a transaction.

    Attributes:
        run: What; on the journal's thread.
        done: Gets the result or the error once it is committed; on the event loop.
        settle: What to do with the result on the event loop before that.
        leave: What to do on the event loop however it went.
        size: Bytes that it brings.
        first: What to do before the transaction, however that goes; on the journal's thread.
        since: `time.perf_counter` when it was asked for.
        context: Of whoever asked, so that lines of the log know the call.
    """

    run: Callable[[Store], T]
    done: "asyncio.Future[T]"
    settle: Callable[[T], None]
    leave: Callable[[], None]
    size: int
    first: Callable[[Store], None] | None = None
    since: float = field(default_factory=time.perf_counter)
    context: Context = field(default_factory=copy_context)


Settled = tuple[Job[Any], Any, BaseException | None]


class Writer:
    """The thread and the queue in front of it.

    Args:
        store: Owned by the thread from now on.
        loop: Where results are awaited.
        on_stop: Called on the loop when the thread has ended and the file is closed.
        on_commit: Called on the loop for each transaction with jobs.
    """

    def __init__(
        self,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        on_stop: Callable[[], None],
        on_commit: OnCommit,
    ) -> None:
        self._store = store
        self._loop = loop
        self._on_stop = on_stop
        self._on_commit = on_commit
        self._waiting: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._is_stopping = False
        self._has_more = True
        self._failed: UnavailableError | None = None
        self._full_since = 0.0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def file_bytes(self) -> int:
        """Return the size of the file as last committed, without its write-ahead log."""
        return self._store.file_bytes

    @property
    def is_writable(self) -> bool:
        """Whether the last attempt to write went well."""
        return self._failed is None and not self._full_since

    def put(self, job: Job[Any]) -> None:
        """Put a job in; it happens whether or not its result is still awaited."""
        self._waiting.put(job)

    def stop(self) -> None:
        """End the thread once all that waits is done."""
        self._waiting.put(None)

    def _run(self) -> None:
        try:
            self._settle_log()
            while not self._is_stopping:
                self._turn(self._gather())
            self._store.close()
        finally:
            self._call(self._on_stop)

    def _settle_log(self) -> None:
        """Have on disk what a process that was killed had written, before anybody is told of it.

        It may have been killed between writing and synchronising: such frames are in the log, and
        whoever sends them again is told that they are known.
        """
        try:
            self._store.settle_log()
        except Exception as error:  # noqa: BLE001 (a thread that ends leaves callers waiting)
            self._fail(error)

    def _gather(self) -> list[Job[Any]]:
        """Return what waits; nothing where nothing does and there is something else to do."""
        jobs: list[Job[Any]] = []
        size = 0
        while len(jobs) < _JOBS and size < _BYTES:
            try:
                job = self._waiting.get(
                    block=not (jobs or self._has_more),
                    timeout=_TRY_S if self._full_since else None,
                )
            except queue.Empty:
                break
            if job is None:
                self._is_stopping = True
                break
            jobs.append(job)
            size += job.size
        return jobs

    def _turn(self, jobs: list[Job[Any]]) -> None:
        """Do some jobs and a little sweeping in one transaction."""
        store = self._store
        try:
            for job in jobs:
                if job.first is not None:
                    job.first(store)
            if self._failed is not None:
                raise self._failed.with_traceback(None)
            began, changes = time.perf_counter(), store.connection.total_changes
            store.execute("BEGIN IMMEDIATE")
            settled = [self._attempt(job) for job in jobs]
            # Where there is little room, it is for those who wait.
            self._has_more = not (jobs and self._full_since) and self._sweep()
            if not jobs and self._full_since:
                store.touch()
            through = time.perf_counter()
            store.commit()
            ended = time.perf_counter()
            if not jobs or store.connection.total_changes != changes:
                self._has_room()
            size = sum(job.size for job in jobs)
            commit = Commit(
                len(jobs),
                size,
                ended - began,
                ended - through,
                store.connection.total_changes - changes,
                tuple(began - job.since for job in jobs),
            )
            if jobs:
                self._call(lambda: self._on_commit(commit))
        except Exception as error:  # noqa: BLE001 (answered to all who wait)
            self._has_more = False
            shown = self._fail(error)
            settled = [(job, None, shown) for job in jobs]
        self._call(lambda: _settle(settled))

    def _fail(self, error: Exception) -> Exception:
        """Go back to what was committed and return the error as a caller may see it.

        Where even that fails, or nobody knows what is on disk, nothing is done any more: all who
        come get that error.
        """
        if error is self._failed:
            return error
        if is_no_room(error):
            if not self._full_since:
                self._full_since = time.monotonic()
                _LOG.error("the journal's file system takes no more, and frames are refused")
        else:
            _LOG.error("a transaction of the journal failed", exc_info=error)
        if is_unsynced(error):
            self._failed = unsynced(error)
        try:
            self._store.roll_back()
        except Exception as second:  # noqa: BLE001 (a thread that ends leaves callers waiting)
            _LOG.exception("the journal cannot go on")
            self._failed = self._failed or UnavailableError(
                f"the journal cannot go on: {second}", field="journal"
            )
        return self._failed or shown(error)

    def _has_room(self) -> None:
        """Note that something was written."""
        if self._full_since:
            seconds = time.monotonic() - self._full_since
            _LOG.warning("the journal is written again after %.1f s without room", seconds)
            self._full_since = 0.0

    def _attempt(self, job: Job[Any]) -> Settled:
        """Do one job; one that fails leaves nothing behind and the others as they were."""
        self._store.execute("SAVEPOINT job")
        try:
            result = job.context.run(job.run, self._store)
        except Exception as error:
            if not self._store.connection.in_transaction:
                raise  # SQLite has rolled back all of it
            if is_no_room(error) or is_unsynced(error):
                raise  # what the others wrote would not get there either
            self._store.execute("ROLLBACK TO job")
            self._store.execute("RELEASE job")
            self._store.reload()
            return job, None, job.context.run(shown, error)
        self._store.execute("RELEASE job")
        return job, result, None

    def _sweep(self) -> bool:
        if not self._has_more and not self._store.unswept and not self._store.discarded:
            return False
        try:
            return sweep(self._store)
        except DataLossError:
            # Space is not reclaimed any more, until the next start finds the same.
            _LOG.exception("the journal's rows to be removed cannot be trusted")
            self._store.unswept.clear()
            self._store.discarded.clear()
            return False

    def _call(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop is closed: nobody waits any more
            self._is_stopping = True


def _settle(settled: list[Settled]) -> None:
    """Hand results out in the order of the jobs; the one who asked may have gone."""
    for job, result, error in settled:
        if error is None:
            job.settle(result)
        job.leave()
        if job.done.done():
            continue
        if error is None:
            job.done.set_result(result)
        else:
            job.done.set_exception(error)
