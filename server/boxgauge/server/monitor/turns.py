"""One at a time: who is waited for by a caller goes before who only keeps things up to date.

Callers take turns among themselves: many reports of one do not hold up the first of another.
"""

import asyncio
from types import TracebackType

from boxgauge.engine.fair_queue import FairQueue, Queued
from boxgauge.server.callers import CALLER


class Turns:
    """Gives tickets; ``async with`` a ticket waits for its turn and holds it."""

    def __init__(self) -> None:
        self._is_taken = False
        self._urgent: FairQueue[Ticket] = FairQueue()
        self._patient: FairQueue[Ticket] = FairQueue()

    def ticket(self, *, is_urgent: bool) -> "Ticket":
        """Return a ticket, which takes its place in the queue when it is entered."""
        return Ticket(self, is_urgent=is_urgent)

    def urge(self, ticket: "Ticket") -> None:
        """Let a ticket that waits, or will, go before patient ones."""
        waits_patiently = ticket.place is not None and not ticket.is_urgent
        ticket.is_urgent = True
        if ticket.place is not None and waits_patiently:
            self._patient.drop(ticket.place)
            ticket.place = self._urgent.put(CALLER.get(), ticket)

    async def take(self, ticket: "Ticket") -> None:
        """Wait for the ticket's turn."""
        if not self._is_taken:
            self._is_taken = True
            return
        queue = self._urgent if ticket.is_urgent else self._patient
        ticket.place = queue.put(CALLER.get(), ticket)
        try:
            await ticket.called.wait()
        except asyncio.CancelledError:
            if ticket.called.is_set():
                self.leave()
            else:
                (self._urgent if ticket.is_urgent else self._patient).drop(ticket.place)
            raise

    def leave(self) -> None:
        """Give the turn to the next one."""
        for queue in (self._urgent, self._patient):
            if queue:
                ticket = queue.take()
                ticket.place = None
                ticket.called.set()
                return
        self._is_taken = False


class Ticket:
    """One turn.

    Attributes:
        is_urgent: Somebody waits for what is done in it.
        called: Set once it is its turn.
        place: Where it waits.
    """

    def __init__(self, turns: Turns, *, is_urgent: bool) -> None:
        self.is_urgent = is_urgent
        self.called = asyncio.Event()
        self.place: Queued[Ticket] | None = None
        self._turns = turns

    def urge(self) -> None:
        """Go before patient ones from now on."""
        self._turns.urge(self)

    async def __aenter__(self) -> None:
        await self._turns.take(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns.leave()
