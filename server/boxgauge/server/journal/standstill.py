"""The file stands still while somebody reads it, and is written again however that ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from boxgauge.frames import BoxGaugeError
from boxgauge.server.journal.calls import Calls
from boxgauge.server.journal.snapshot import Freezing, Snapshot
from boxgauge.server.journal.store import Store


class Standstill:
    """Asks the journal's thread to leave the file as it is, and to go on.

    Args:
        calls: The way there.
    """

    def __init__(self, calls: Calls) -> None:
        self._do = calls.do
        self._thawing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Snapshot]:
        """Let the file stand still; see `Journal.snapshot`."""
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
