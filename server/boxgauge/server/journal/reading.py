"""What a journal has: read back, counted, and measured."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from boxgauge.server.journal import log, parts
from boxgauge.server.journal.calls import Calls
from boxgauge.server.journal.held import Held
from boxgauge.server.journal.holding import Position, held_changes
from boxgauge.server.journal.types import Change, Counts, KeptMonitor

_CHUNK = 128  # changes at a time, each with up to two sides


class Reading:
    """Says what a journal has; what is read is a job of its thread, awaited.

    Args:
        calls: The way there.
        path: Of its file; None: it has no name.
        held: How much is held of each monitor, kept up to date by who writes.
    """

    def __init__(self, calls: Calls, path: Path | None, held: dict[int, Held]) -> None:
        self._calls = calls
        self._do = calls.do
        self._path = path
        self._held = held

    async def monitors(self) -> list[KeptMonitor]:
        """Return all monitors in the order of their creation."""
        return await self._do(parts.monitors)

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
