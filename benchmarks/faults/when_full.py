"""What operators ask for while the disk is full: each is done, or refused as it is documented.

Nothing is half done: what was refused is as it was, at once, after a start on the full disk, and
once there is room, where it is asked for again and done.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from backups import MADE, NO_ROOM, REFUSED
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status
from operators import Operators
from passing import CREATE, DELETE, DONE, RESET, TELL, Passing
from promises import promised
from senders import Place

WORDS = "the file system of the journal"
_KINDS = (CREATE, RESET, DELETE)
BACKUP, BACKUP_THERE = "backup", "backup to the full disk itself"


@dataclass
class WhenFull:
    """Asks for administrative operations in every round of a campaign in which the disk gets full.

    Attributes:
        operators: Who ask.
        disk: A folder on the disk.
        done: Operations that were done though it was full, by kind.
        refused: Those that were refused.
    """

    operators: Operators
    disk: Path
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _asked: dict[str, str] = field(default_factory=dict)

    async def prepare(self, place: Place, n: int) -> None:
        """While there is room, have each monitor as the operation of the n-th round needs it."""
        for k, each in enumerate(self.operators.passing):
            operation = _KINDS[(n + k) % len(_KINDS)]
            self._asked[each.name] = operation
            await each.look(place)
            for before in (CREATE, DELETE) if operation == CREATE else (CREATE, TELL, TELL):
                await each.done(place, before)

    async def ask(self, place: Place) -> None:
        """While it is full, ask for each once.

        Raises:
            BrokenPromiseError: One is refused otherwise, or half done.
        """
        for each in self.operators.passing:
            operation = self._asked[each.name]
            for asked in (TELL, operation) if operation != CREATE else (operation,):
                await self._ask(place, each, asked)
        backups = self.operators.backups
        outcome = await backups.ask(place.address, backups.next_path())
        promised(is_kept=outcome in (MADE, REFUSED), claim=f"a backup is {outcome}: {backups.last}")
        self._count(BACKUP, is_done=outcome == MADE)
        if outcome == REFUSED:
            self._check_backup()
        outcome = await backups.ask(place.address, self.disk / "backup.db")
        claim = f"a backup to the full disk is {outcome}: {backups.last}"
        promised(is_kept=outcome in (REFUSED, NO_ROOM), claim=claim)
        self._count(BACKUP_THERE, is_done=False)
        if outcome == REFUSED:
            self._check_backup()

    async def look(self, place: Place) -> None:
        """See that all is as it was, or as it was asked for."""
        for each in self.operators.passing:
            await each.look(place)

    async def again(self, place: Place, chance: random.Random) -> None:
        """Once there is room, have all done that was asked for.

        Raises:
            BrokenPromiseError: Something is other than it was, or cannot be done.
        """
        await self.look(place)
        for each in self.operators.passing:
            await each.done(place, self._asked[each.name])
        await self.look(place)
        await self.operators.backups.step(place, chance)

    def rows(self) -> dict[str, str]:
        """Return rows of a table."""
        kinds = sorted(self.done.keys() | self.refused.keys())
        found = [f"{each} {self.done[each]:,}, {self.refused[each]:,}" for each in kinds]
        return {
            "asked for while it was full: done, refused with nothing of it done": "; ".join(found)
        }

    async def _ask(self, place: Place, monitor: Passing, operation: str) -> None:
        outcome = await monitor.ask(place.address, operation)
        if outcome != DONE:
            # Nobody is killed here, so that it is always answered.
            check_full(monitor.last)
        await monitor.look(place)
        self._count(operation, is_done=outcome == DONE)

    def _count(self, operation: str, *, is_done: bool) -> None:
        (self.done if is_done else self.refused)[operation] += 1

    def _check_backup(self) -> None:
        error = self.operators.backups.last
        promised(is_kept=WORDS in str(error), claim=f"a refused backup says why: {error}")
        has_retry = error is not None and error.retry_after_s is not None
        promised(is_kept=has_retry, claim=f"and when to try again: {error}")


def check_full(error: aio.AioRpcError | None) -> None:
    """Check the status, the words and the details of a refusal.

    Raises:
        BrokenPromiseError: They are other than those of a full disk.
    """
    is_full = error is not None and error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    promised(is_kept=is_full, claim=f"a full disk is RESOURCE_EXHAUSTED: {error}")
    if error is not None:
        promised(is_kept=WORDS in (error.details() or ""), claim=f"named: {error.details()}")
        status = rpc_status.from_call(error)
        retry = error_details_pb2.RetryInfo()
        has_retry = status is not None and any(d.Unpack(retry) for d in status.details)
        promised(is_kept=has_retry, claim=f"says when to try again: {status}")
