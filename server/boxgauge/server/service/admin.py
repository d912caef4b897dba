"""`boxgauge.v1.AdminService`: what operators ask of the service itself."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Any

from boxgauge.frames import ResourceExhaustedError, UnavailableError
from boxgauge.server.journal import Journal
from boxgauge.v1 import admin_pb2 as pb
from boxgauge.v1 import admin_pb2_grpc as rpc

PART = 2**20
# Of the journal's log, which is not copied back into the file while that is read.
MAX_LOG_BYTES = 2**30

Context = Any  # grpc's context, of which nothing is used here


class AdminService(rpc.AdminServiceServicer):
    """Looks after one service.

    Args:
        journal: That is kept.
        draining: Set once the service stops; a backup ends then.
        max_log_bytes: To which the journal's log may grow while a backup is read.
    """

    def __init__(
        self, journal: Journal, draining: asyncio.Event, *, max_log_bytes: int = MAX_LOG_BYTES
    ) -> None:
        self._journal = journal
        self._draining = draining
        self._max_log_bytes = max_log_bytes

    async def BackupJournal(  # noqa: N802 (gRPC's name)
        self, request: pb.BackupJournalRequest, context: Context
    ) -> AsyncIterator[pb.BackupJournalResponse]:
        """Stream the journal's file as it is now, and its digest behind it."""
        digest = blake2b(digest_size=32)
        async with self._journal.snapshot() as snapshot:
            yield pb.BackupJournalResponse(size_bytes=snapshot.size, number=snapshot.number)
            for start in range(0, snapshot.size, PART):
                self._check()
                part = await asyncio.to_thread(snapshot.read, start, PART)
                digest.update(part)
                yield pb.BackupJournalResponse(part=part)
        yield pb.BackupJournalResponse(digest=digest.digest())

    def _check(self) -> None:
        if self._draining.is_set():
            raise UnavailableError("the service is stopping: back up again later")
        found = self._journal.log_bytes
        if found > self._max_log_bytes:
            raise ResourceExhaustedError(
                f"the journal's log has grown to {found} bytes while the backup was read, of"
                f" {self._max_log_bytes} that it may have: read faster",
                field="log_bytes",
                value=found,
            )
