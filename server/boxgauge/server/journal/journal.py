"""The journal as the service sees it: every call a job of its thread, awaited."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from boxgauge.frames import BoxGaugeError
from boxgauge.server.journal import log, parts
from boxgauge.server.journal.calls import Calls
from boxgauge.server.journal.expiry import expire
from boxgauge.server.journal.held import Held, held_now
from boxgauge.server.journal.holding import Position, held_changes
from boxgauge.server.journal.opening import Recovery, open_journal
from boxgauge.server.journal.room import Room
from boxgauge.server.journal.snapshot import Freezing, Snapshot
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.take import Asked, take
from boxgauge.server.journal.types import (
    CameFrame,
    Change,
    Counts,
    Expired,
    Judge,
    KeptMonitor,
    OnCommit,
    Taken,
)
from boxgauge.server.journal.verify import OnProgress
from boxgauge.server.observability.tracing import span

_CHUNK = 128  # changes at a time, each with up to two sides


def _nothing() -> None:
    """Do nothing once it is committed."""


class Journal:
    """What monitors keep: definitions, sides, changes and parts, in one SQLite file.

    Calls are done in the order in which they were made, from one event loop. Whoever
    gives up waiting does not undo the call, except while it waits for room.

    Attributes:
        is_durable: What a call returned survives a crash of the machine.
        recovery: What its opening found.
    """

    def __init__(
        self, calls: Calls, path: Path | None, held: dict[int, Held], recovery: Recovery
    ) -> None:
        self.recovery = recovery
        self.is_durable = path is not None
        self._do = calls.do
        self._calls = calls
        self._path = path
        self._held = held

    @classmethod
    async def open(
        cls,
        path: Path | None,
        *,
        wait_s: float = 5.0,
        accept_loss: bool = False,
        on_progress: OnProgress | None = None,
        max_waiting: int = 256,
        max_waiting_bytes: int = 64 * 2**20,
        on_commit: OnCommit = lambda _: None,
    ) -> "Journal":
        """Return the journal in this file, which is made if there is none.

        Args:
            path: None: a temporary file without a name, which is gone with the journal.
            wait_s: How long another process may take to let go of the file.
            accept_loss: Go on with what verifies where something that was acknowledged is gone.
            on_progress: Told, on another thread, how far verification is.
            max_waiting: Calls under way at a time; others wait before they begin.
            max_waiting_bytes: Boxes of those calls; one larger call goes alone.
            on_commit: Called on the event loop for each transaction, for metrics.

        Raises:
            InvalidInputError: There can be no such file.
            FailedPreconditionError: Another process has it, it is of a later version, or it
                is no journal.
            DataLossError: It cannot be read, or what was acknowledged is gone and that is not
                accepted.
            ResourceExhaustedError: A repair or a migration needs a copy, for which there is no
                room.
        """

        def opened() -> tuple[Store, Recovery, dict[int, Held]]:
            store, recovery = open_journal(
                path, wait_s=wait_s, accept_loss=accept_loss, on_progress=on_progress
            )
            try:
                return store, recovery, held_now(store)
            except BaseException:
                store.close()
                raise

        store, recovery, held = await asyncio.to_thread(opened)
        calls = Calls(store, Room(max_waiting, max_waiting_bytes), on_commit)
        return cls(calls, path, held, recovery)

    async def close(self) -> None:
        """Do what was asked for, then close the file; calls after this are refused."""
        await self._calls.close()

    async def monitors(self) -> list[KeptMonitor]:
        """Return all monitors in the order of their creation."""
        return await self._do(parts.monitors)

    async def create(self, name: str, definition: bytes) -> int:
        """Keep a new monitor and return its id, which is never given twice.

        Raises:
            AlreadyExistsError: There is one of this name.
        """

        def settle(monitor: int) -> None:
            self._held[monitor] = Held()

        return await self._do(lambda store: parts.create(store, name, definition), settle)

    async def delete(self, monitor: int, *, settled: Callable[[], None] = _nothing) -> None:
        """Forget a monitor.

        Args:
            monitor: Its id.
            settled: Called on the event loop once that is on disk, in the order of the calls, even
                if nobody waits any more; not at all where it is refused.

        Raises:
            NotFoundError: There is no such monitor.
            ResourceExhaustedError: The file system has no room for it, for now.
            UnavailableError: It could not be written, or the journal is closed.
        """

        def settle(_: None) -> None:
            self._forget(monitor)
            settled()

        await self._do(lambda store: parts.delete(store, monitor), settle)

    async def reset(self, monitor: int, *, settled: Callable[[], None] = _nothing) -> None:
        """Forget all of a monitor but its name and definition.

        Args:
            monitor: Its id.
            settled: As for `delete`.

        Raises:
            NotFoundError: There is no such monitor.
            ResourceExhaustedError: The file system has no room for it, for now.
            UnavailableError: It could not be written, or the journal is closed.
        """

        def settle(_: None) -> None:
            self._held[monitor] = Held()
            settled()

        await self._do(lambda store: parts.reset(store, monitor), settle)

    async def take(
        self,
        monitor: int,
        frames: Sequence[CameFrame],
        *,
        judge: Judge | None = None,
        beside: Mapping[str, tuple[str, ...]] | None = None,
        max_models: int,
        settled: Callable[[], None] = _nothing,
    ) -> Taken:
        """Judge frames in order, keep what is new, and return what became of each.

        What is returned is on disk. A frame is refused alone; if the call fails, none of
        its frames was taken.

        Args:
            monitor: Its id.
            frames: At most `MAX_FRAMES`; all that they join comes back in memory.
            judge: Called on the journal's thread with each new frame and each side that it
                would be joined to; a `BoxGaugeError` refuses the frame.
            beside: By model, those whose predictions of the same image its changes show.
            max_models: How many there may be.
            settled: As for `delete`.

        Raises:
            InvalidInputError: There are too many frames.
            NotFoundError: There is no such monitor.
            ResourceExhaustedError: The file system has no room for it, for now.
            UnavailableError: It could not be written, or the journal is closed.
            DataLossError: A row that had to be read is damaged.
        """
        asked = Asked(judge, beside or {}, max_models)
        frames = tuple(frames)

        def settle(result: tuple[Taken, Held]) -> None:
            self._add(monitor, result[1])
            settled()

        with span("journal", frames=len(frames)):
            taken, _ = await self._do(
                lambda store: take(store, monitor, frames, asked),
                settle,
                size=sum(len(each.rows) for each in frames),
            )
        return taken

    async def expire(self, monitor: int, before_us: int, *, limit: int = 512) -> Expired:
        """Let go of sides from before this time and return what they were.

        Predictions go by their own time. Ground truth goes when its own time has come and
        no predictions of the image remain.

        Args:
            monitor: Its id.
            before_us: The oldest time that is kept.
            limit: How many sides to look at, the oldest first.

        Raises:
            NotFoundError: There is no such monitor.
        """

        def settle(result: tuple[Expired, Held]) -> None:
            self._add(monitor, result[1])

        expired, _ = await self._do(lambda store: expire(store, monitor, before_us, limit), settle)
        return expired

    async def checkpoint(
        self, monitor: int, kept: Mapping[str, Mapping[str, bytes | None]], number: int
    ) -> None:
        """Keep parts that reflect all changes up to a number, and forget those changes.

        Args:
            monitor: Its id.
            kept: By store and key; None forgets a part, those not named stay as they are.
            number: Of the last change that the parts reflect.

        Raises:
            NotFoundError: There is no such monitor.
            InvalidInputError: The number is lower than that of the last checkpoint, or was
                not given yet.
        """
        values = {name: dict(each) for name, each in kept.items()}
        size = sum(len(value or b"") for each in values.values() for value in each.values())
        await self._do(lambda store: parts.checkpoint(store, monitor, values, number), size=size)

    async def parts(self, monitor: int) -> tuple[dict[str, dict[str, bytes]], int]:
        """Return the parts by store and key, and the number up to which they reflect changes.

        Raises:
            NotFoundError: There is no such monitor.
            DataLossError: A part is damaged.
        """
        return await self._do(lambda store: parts.read_parts(store, monitor))

    async def is_lacking(self, monitor: int) -> bool:
        """Say whether parts and changes were lost, so that tallies are made of what is held.

        Raises:
            NotFoundError: There is no such monitor.
        """
        return await self._do(lambda store: store.space(monitor).is_lacking)

    async def changes_after(self, monitor: int, number: int) -> AsyncIterator[list[Change]]:
        """Yield the changes behind a number, in order, some at a time.

        Raises:
            NotFoundError: There is no such monitor.
            FailedPreconditionError: A checkpoint covers some of them: they are forgotten.
            DataLossError: A row is damaged.
        """
        while True:
            after = number
            found = await self._do(lambda store: log.read_changes(store, monitor, after, _CHUNK))  # noqa: B023 (done before the next turn)
            if found:
                yield found
                number = found[-1].number
            if len(found) < _CHUNK:
                return

    async def current(
        self, monitor: int, *, beside: Mapping[str, tuple[str, ...]] | None = None
    ) -> AsyncIterator[list[Change]]:
        """Yield all predictions that are held, with their ground truth, as changes from nothing.

        Changes that are made of what is held have numbers, but are in no log.

        Raises:
            NotFoundError: There is no such monitor.
            FailedPreconditionError: The monitor changes meanwhile.
            DataLossError: A row is damaged.
        """
        position: Position | None = None
        while True:
            at = position
            found, position = await self._do(
                lambda store: held_changes(store, monitor, beside or {}, at, _CHUNK)  # noqa: B023 (done before the next turn)
            )
            if found:
                yield found
            if position is None:
                return

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Let the file stand still while it is copied; frames are taken all the same.

        What comes meanwhile makes the log grow, whose size `log_bytes` tells.

        Raises:
            FailedPreconditionError: Nothing is kept on disk.
            ResourceExhaustedError: It is being copied already, or the file system has no room.
            UnavailableError: It could not be written, or the journal is closed.
        """
        asked = asyncio.ensure_future(self._do(Store.freeze))
        try:
            freezing = await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(self._thaw_unread)  # it happens all the same
            raise
        snapshot = freezing.taken()
        try:
            yield snapshot
        finally:
            await asyncio.shield(self._thaw())

    def _thaw_unread(self, asked: "asyncio.Future[Freezing]") -> None:
        """Let the file be written again where nobody is left to read it."""
        is_done = not asked.cancelled() and asked.exception() is None
        if is_done and asked.result().snapshot is not None:
            self._thawing = asyncio.ensure_future(self._thaw())

    async def _thaw(self) -> None:
        # Before the transaction: one that fails, as on a full disk, would leave the log to grow.
        with suppress(BoxGaugeError):
            await self._do(lambda _: None, first=Store.thaw)

    def counts(self, monitor: int) -> Counts:
        """Return what is held of a monitor; nothing of one that the journal does not have."""
        return self._held.get(monitor, Held()).counts()

    @property
    def file_bytes(self) -> int:
        """Return the bytes in use: of the file without free pages, and of its log."""
        return self._calls.file_bytes + self.log_bytes

    @property
    def log_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        if self._path is None:
            return 0
        log_path = self._path.with_name(f"{self._path.name}-wal")
        return log_path.stat().st_size if log_path.exists() else 0

    @property
    def free_bytes(self) -> int:
        """Return the bytes of the file that are free, and will be used again."""
        return self._calls.free_bytes

    @property
    def is_writable(self) -> bool:
        """Whether the last attempt to write went well; without callers one is made every second."""
        return self._calls.is_writable

    def _add(self, monitor: int, more: Held) -> None:
        self._held.setdefault(monitor, Held()).update(more)

    def _forget(self, monitor: int) -> None:
        self._held.pop(monitor, None)
