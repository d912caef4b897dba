"""Reports take turns: one that a caller waits for, and beside it one that is kept up to date.

The latter pauses while there is one of the former, so that what nobody waits for holds nobody up.
Callers take turns among themselves: many reports of one do not hold up the first of another.
"""

import asyncio
from concurrent.futures import Future
from threading import Condition
from types import TracebackType
from typing import Any

from boxgauge.engine.fair_queue import FairQueue, Queued
from boxgauge.server.callers import CALLER


class Turns:
    """Gives tickets; ``async with`` a ticket waits for its turn and holds it."""

    def __init__(self) -> None:
        self._urgent, self._patient = _Lane(), _Lane()
        # Tickets that are urgent and wait or have their turn: of these threads want to know.
        self._pressing = 0
        self._changed = Condition()

    def ticket(self, *, is_urgent: bool) -> "Ticket":
        """Return a ticket, which takes its place in the queue when it is entered."""
        return Ticket(self, is_urgent=is_urgent)

    def urge(self, ticket: "Ticket") -> None:
        """Let a ticket go before patient ones; one that has its turn pauses no more."""
        if ticket.is_urgent:
            return
        ticket.is_urgent = True
        if ticket.place is not None:
            self._patient.queue.drop(ticket.place)
            self._press(ticket)
            self._stand(ticket)
        with self._changed:
            self._changed.notify_all()

    async def take(self, ticket: "Ticket") -> None:
        """Wait for the ticket's turn."""
        if ticket.is_urgent:
            self._press(ticket)
        self._stand(ticket)
        try:
            await ticket.called.wait()
        except asyncio.CancelledError:
            if ticket.called.is_set():
                self.leave(ticket)
            elif ticket.place is not None:
                self._lane(ticket).queue.drop(ticket.place)
                self._release(ticket)
            raise

    def leave(self, ticket: "Ticket") -> None:
        """Give the ticket's turn to the next one, once the thread that it was for has ended.

        A thread goes on though nobody waits for it any more, and takes memory as long; nobody
        pauses for it.
        """
        self._release(ticket)
        # An error of the work keeps those that have the ticket: it must not have the error.
        lane, work, ticket.work = ticket.lane, ticket.work, None
        if lane is None:
            return
        if work is None or work.done():
            lane.pass_on()
            return
        loop = asyncio.get_running_loop()

        def ended(_: object) -> None:
            if not loop.is_closed():  # which ends without waiting for threads
                loop.call_soon_threadsafe(lane.pass_on)

        work.add_done_callback(ended)

    def pause(self, ticket: "Ticket") -> None:
        """Wait, in a thread, for as long as there are urgent ones and this is none."""
        with self._changed:
            self._changed.wait_for(lambda: ticket.is_urgent or not self._pressing)

    def _lane(self, ticket: "Ticket") -> "_Lane":
        return self._urgent if ticket.is_urgent else self._patient

    def _stand(self, ticket: "Ticket") -> None:
        """Give the ticket its turn if it is free, else a place to wait."""
        lane = self._lane(ticket)
        if lane.is_taken:
            ticket.place = lane.queue.put(CALLER.get(), ticket)
        else:
            lane.is_taken = True
            ticket.call(lane)

    def _press(self, ticket: "Ticket") -> None:
        ticket.presses = True
        with self._changed:
            self._pressing += 1

    def _release(self, ticket: "Ticket") -> None:
        if ticket.presses:
            ticket.presses = False
            with self._changed:
                self._pressing -= 1
                self._changed.notify_all()


class _Lane:
    """One at a time, and who waits for that."""

    def __init__(self) -> None:
        self.is_taken = False
        self.queue: FairQueue[Ticket] = FairQueue()

    def pass_on(self) -> None:
        """Give the turn to the next one."""
        if self.queue:
            self.queue.take().call(self)
        else:
            self.is_taken = False


class Ticket:
    """One turn.

    Attributes:
        is_urgent: Somebody waits for what is done in it.
        called: Set once it is its turn.
        place: Where it waits.
        lane: Whose turn it has.
        presses: It is counted among those that patient ones pause for.
        work: What is done in a thread in its turn.
    """

    def __init__(self, turns: Turns, *, is_urgent: bool) -> None:
        self.is_urgent = is_urgent
        self.called = asyncio.Event()
        self.place: Queued[Ticket] | None = None
        self.lane: _Lane | None = None
        self.presses = False
        self.work: Future[Any] | None = None
        self._turns = turns

    def urge(self) -> None:
        """Go before patient ones from now on."""
        self._turns.urge(self)

    def pause(self) -> None:
        """Wait, in a thread, until there is nothing urgent but this."""
        self._turns.pause(self)

    def call(self, lane: _Lane) -> None:
        """Have the turn."""
        self.place, self.lane = None, lane
        self.called.set()

    async def __aenter__(self) -> "Ticket":
        await self._turns.take(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._turns.leave(self)
