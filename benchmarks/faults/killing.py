"""Kills a service at a random moment that is aimed at, and starts the next one."""

import asyncio
import random
import statistics
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from signal import SIGKILL

from faulted import Faulted, Services
from operators import BACKUP, OPERATION, Operators, Told
from senders import Place

START, RECOVERY, LOAD, CHECKPOINT = "start", "recovery", "load", "checkpoint"
# As soon as the journal is open: of all moments the one that is surest to be within a recovery.
OPENED = "opened"
# Of moments that are aimed at; where a kill really fell is told by the log.
SHARES = {LOAD: 0.2, CHECKPOINT: 0.2, OPERATION: 0.2, BACKUP: 0.15, RECOVERY: 0.15, START: 0.1}
BEGINS, WRITTEN = "checkpoint begins", "checkpoint is written"
SETTINGS = {"checkpoint_interval_s": 0.1, "report_interval_s": 1, "log_level": "debug"}


@dataclass
class Campaign:
    """What happened.

    Attributes:
        kills: By where they fell.
        within: Kills by what operators had asked for then.
        told: What came of what they asked for.
        acknowledged: Frames.
        sent: Messages written.
        messages: Of the scripts.
        known: Frames that were journalled when their message was sent again.
        repeated: Acknowledged frames that were sent once more, and were known.
        ready_s: From the start of a process until it took calls, after a kill.
        recovery_s: Of these, from the moment the journal was open.
        compared: Reports, comparisons and tallies that were compared, bit for bit.
    """

    kills: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    told: Told = field(default_factory=Told)
    acknowledged: int = 0
    sent: int = 0
    messages: int = 0
    known: int = 0
    repeated: int = 0
    ready_s: list[float] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    compared: int = 0


@dataclass(frozen=True)
class Killing:
    """Kills a service at a random moment, and starts the next one over the same journal.

    Attributes:
        services: Starts it.
        place: Where senders find it.
        operators: Whose operations are aimed at, too.
        campaign: Where what happened is counted.
        load_s: Mean time between two kills.
        chance: Decides.
    """

    services: Services
    place: Place
    operators: Operators
    campaign: Campaign
    load_s: float
    chance: random.Random

    async def kill(self, service: Faulted, aimed: str) -> Faulted:
        """Kill the running service at a random moment, and return the next that is ready."""
        campaign, chance = self.campaign, self.chance
        await self._until_aimed(service, aimed)
        campaign.within.update(self.operators.under_way())
        self.place.move("")
        await service.end(SIGKILL)
        campaign.kills[_where(service)] += 1
        while aimed in (START, RECOVERY, OPENED):
            service = await self.services.start()
            if aimed == START:
                await asyncio.sleep(chance.uniform(0, statistics.median(campaign.ready_s or [2.5])))
            elif await service.until_opened() and aimed == RECOVERY:
                recovery_s = statistics.median(campaign.recovery_s or [0.2])
                await asyncio.sleep(chance.uniform(0, recovery_s))
            await service.end(SIGKILL)
            campaign.kills[_where(service)] += 1
            aimed = LOAD
        service = await self.services.start()
        await service.until_opened()
        await service.until_ready()
        campaign.ready_s.append(service.ready - service.started)
        campaign.recovery_s.append(service.ready - service.opened)
        self.place.move(service.address)
        return service

    async def _until_aimed(self, service: Faulted, aimed: str) -> None:
        chance, load_s = self.chance, self.load_s
        if aimed not in (CHECKPOINT, OPERATION, BACKUP):
            await asyncio.sleep(chance.expovariate(1 / load_s))
            return
        await asyncio.sleep(chance.uniform(0, load_s))
        if aimed == CHECKPOINT:
            await service.until_logged(BEGINS, 5)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await self.operators.until(aimed)
        await asyncio.sleep(chance.uniform(0, 0.004))


def _where(service: Faulted) -> str:
    """Return where the kill fell, as the log and the moments tell."""
    if not service.ready:
        return "recovering, the journal open" if service.opened else "starting"
    said = [line for line in service.log if BEGINS in line or WRITTEN in line]
    return "in a checkpoint" if said and BEGINS in said[-1] else "between checkpoints"
