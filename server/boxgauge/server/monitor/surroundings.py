"""What all monitors of a service share."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from boxgauge.engine import Engine
from boxgauge.server.journal.journal import Journal
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.turns import Ticket, Turns
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.telemetry import Telemetry

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all monitors share.

    Attributes:
        engine: Holds the graphs.
        executor: Where runs happen.
        lanes: Where reports are made.
        journal: Where frames are kept.
        ledger: Bounds what is held in memory, one unit a box.
        telemetry: Told of what happens.
        clock_us: Returns microseconds since 1970.
        max_models: Models of one monitor.
        max_waiting: Messages that may wait for a run of matching.
        max_tally_bytes: Bound on the tallies of one sketch monitor.
        max_journal_bytes: Bound on the journal's file.
        turns: Of reports: one takes memory, several at once take more.
    """

    engine: Engine
    executor: Executor
    lanes: Lanes
    journal: Journal
    ledger: Ledger
    telemetry: Telemetry
    clock_us: Callable[[], int]
    max_models: int
    max_waiting: int
    max_tally_bytes: int
    max_journal_bytes: int
    turns: Turns = field(default_factory=Turns)

    async def run_report(self, ticket: Ticket, make: Callable[[], R]) -> R:
        """Return what is made for a report, and tell how long it took.

        Args:
            ticket: Whose turn it is; what nobody waits for pauses while others are waited for.
            make: Makes it, in a thread or another process.
        """
        started = time.perf_counter()
        ticket.work = self.lanes.submit(make, None if ticket.is_urgent else ticket.pause)
        made: R = await asyncio.wrap_future(ticket.work)
        self.telemetry.report_seconds.observe(time.perf_counter() - started)
        return made
