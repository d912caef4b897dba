"""What one monitor is and holds now: its parts share it, and a reset begins it anew."""

import asyncio

from boxgauge.server.journal.types import Counts
from boxgauge.server.monitor.definition import Definition
from boxgauge.server.monitor.line import Line
from boxgauge.server.monitor.outcomes import Outcomes
from boxgauge.server.monitor.slicing import Slicing
from boxgauge.server.monitor.stores import Stores
from boxgauge.server.monitor.surroundings import Surroundings


class MonitorState:
    """Which monitor it is, and what it holds now.

    Lives on the event loop: between two waits nothing else touches it.

    Args:
        key: Of the monitor in the journal.
        name: Its name.
        definition: What is measured.
        around: What all monitors share.

    Attributes:
        stores: What is counted; a reset puts others in their place.
        slicing: The slices seen.
        outcomes: What came of frames that no report counts, by reason.
        line: Whoever changes the stores has a place in it, in journal order.
        version: Grows with every change.
        is_deleted: Nothing more may come.
    """

    def __init__(self, key: int, name: str, definition: Definition, around: Surroundings) -> None:
        self.key = key
        self.name = name
        self.definition = definition
        self.slicing = Slicing(definition.slices)
        self.outcomes = Outcomes(name, around.telemetry)
        self.line = Line(around.telemetry.workings.waiting("line"))
        self.version = 1
        self.is_deleted = False
        self._around = around
        self._changed = asyncio.Event()
        self.begin()

    def begin(self) -> None:
        """Count nothing."""
        self.stores = Stores(self.definition, self._around)

    @property
    def counts(self) -> Counts:
        """How many sides the journal holds now."""
        return self._around.journal.counts(self.key)

    def bump(self) -> None:
        """Note a change, and wake who waits for one."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def change_after(self, version: int) -> None:
        """Wait until the state is newer than ``version``."""
        while self.version <= version:
            await self._changed.wait()
