"""The journal as the service sees it: every call a job of its thread, awaited."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from boxgauge.server.journal import parts
from boxgauge.server.journal.calls import Calls
from boxgauge.server.journal.expiry import expire
from boxgauge.server.journal.held import Held, held_now
from boxgauge.server.journal.opening import Recovery, open_journal
from boxgauge.server.journal.reading import Reading
from boxgauge.server.journal.room import Room
from boxgauge.server.journal.snapshot import Snapshot
from boxgauge.server.journal.standstill import Standstill
from boxgauge.server.journal.store import Store
from boxgauge.server.journal.take import Asked, take
from boxgauge.server.journal.types import (
    CameFrame,
    Expired,
    Judge,
    OnCommit,
    Taken,
)
from boxgauge.server.journal.verify import OnProgress
from boxgauge.server.observability.tracing import span


def _nothing() -> None:
    """Do nothing once it is committed."""


class Journal(Reading):
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
        super().__init__(calls, path, held)
        self.recovery = recovery
        self.is_durable = path is not None
        self._standstill = Standstill(calls)

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

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Let the file stand still while it is copied; frames are taken all the same.

        What comes meanwhile makes the log grow, whose size `log_bytes` tells.

        Raises:
            FailedPreconditionError: Nothing is kept on disk.
            ResourceExhaustedError: It is being copied already, or the file system has no room.
            UnavailableError: It could not be written, or the journal is closed.
        """
        return self._standstill.taken()

    def _add(self, monitor: int, more: Held) -> None:
        self._held.setdefault(monitor, Held()).update(more)

    def _forget(self, monitor: int) -> None:
        self._held.pop(monitor, None)
