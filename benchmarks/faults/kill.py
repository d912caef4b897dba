"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is counted twice.

Each run has a journal of its own, two monitors (exact and sketch) and twelve senders: two models,
labels, and corrections of each, which may come before what they correct. The service is a process;
it is killed under load, in the middle of a checkpoint, while it starts and while it recovers, and
started again over the same journal. Senders send again what was not acknowledged; beside them
acknowledged messages are sent once more, each of which must be known. When all is sent, reports
are compared with those of a service that was told the same in another order and never killed, and
tallies with those made anew from the sides that the journal holds: bit for bit.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL

from comparing import compared, create_monitors
from faulted import Faulted, Services
from promises import promised
from senders import Place, Repeater, Sender
from traffic_script import make_script

from boxgauge.engine import Engine, ModelRepository, find_graphs

sys.path.append(str(Path(__file__).resolve().parents[1]))
from timing import machine

START, RECOVERY, LOAD, CHECKPOINT = "start", "recovery", "load", "checkpoint"
# As soon as the journal is open: of all moments the one that is surest to be within a recovery.
OPENED = "opened"
# Of moments that are aimed at; where a kill really fell is told by the log.
SHARES = {LOAD: 0.4, CHECKPOINT: 0.3, RECOVERY: 0.2, START: 0.1}
BEGINS, WRITTEN = "checkpoint begins", "checkpoint is written"
SETTINGS = {"checkpoint_interval_s": 0.1, "report_interval_s": 1, "log_level": "debug"}
IMAGES_A_KILL = 100


@dataclass
class Campaign:
    """What happened.

    Attributes:
        kills: By where they fell.
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
    acknowledged: int = 0
    sent: int = 0
    messages: int = 0
    known: int = 0
    repeated: int = 0
    ready_s: list[float] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    compared: int = 0


def main() -> None:
    """Print what was measured; fails where something was lost or counted twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="journals, one after the other")
    parser.add_argument("--kills", type=int, default=20, help="of a run")
    parser.add_argument("--load-s", type=float, default=0.7, help="mean time between two kills")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    campaign = Campaign()
    started = time.monotonic()
    for run in range(given.runs):
        chance = random.Random(f"{given.seed}-{run}")
        aims = chance.choices([*SHARES], [*SHARES.values()], k=given.kills)
        asyncio.run(run_once(engine, campaign, aims, given.load_s, chance))
    print_table(campaign, given.runs, time.monotonic() - started)


async def run_once(
    engine: Engine,
    campaign: Campaign,
    aims: Sequence[str],
    load_s: float,
    chance: random.Random,
    *,
    restarts: bool = True,
) -> None:
    """Kill one service at such moments, let everything be sent, and compare.

    Args:
        engine: For a clean run.
        campaign: Where what happened is counted.
        aims: The moments; while it starts or recovers there is another kill before that.
        load_s: Mean time between two kills.
        chance: Decides.
        restarts: Compare what it says after a last restart, too.

    Raises:
        BrokenPromiseError: Something is lost, counted twice, or said otherwise.
    """
    kills = len(aims)
    script = make_script(IMAGES_A_KILL * kills, chance.randrange(2**32))
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        journal = Path(folder) / "journal.db"
        services = await stack.enter_async_context(Services(journal, **SETTINGS))
        service = await services.start()
        await service.until_ready()
        await create_monitors(service.address, script)
        place = Place(service.address)
        senders = [Sender(each, _pace(each, kills, load_s)) for each in script.sent.values()]
        repeater = Repeater(senders)
        sending = [asyncio.create_task(each.run(place, chance)) for each in senders]
        repeating = asyncio.create_task(repeater.run(place, chance, load_s / 4))
        try:
            for aim in aims:
                for task in sending:
                    if task.done():
                        await task  # whoever found that something is lost ends the campaign here
                service = await _kill(services, service, place, campaign, aim, load_s, chance)
            for each in senders:
                each.pace_s = 0
            async with asyncio.timeout(300):
                await asyncio.gather(*sending)
            if repeating.done():
                await repeating
        finally:
            for task in (*sending, repeating):
                task.cancel()
            await asyncio.gather(*sending, repeating, return_exceptions=True)
        # Every last one that was acknowledged, not only those drawn while it was killed.
        await repeater.repeat(place.address, [m for each in senders for m in each.messages])
        silent = sum(each.silent for each in senders)
        promised(is_kept=not silent, claim=f"a stream ends well when all is answered: {silent}")
        campaign.compared += await compared(engine, script, service, services, restarts=restarts)
    campaign.acknowledged += sum(each.frames for each in senders)
    campaign.sent += sum(each.sent for each in senders)
    campaign.messages += sum(len(each.messages) for each in senders)
    campaign.known += sum(each.known for each in senders)
    campaign.repeated += repeater.repeated


async def _kill(
    services: Services,
    service: Faulted,
    place: Place,
    campaign: Campaign,
    aimed: str,
    load_s: float,
    chance: random.Random,
) -> Faulted:
    """Kill the running service at a random moment, and return the next that is ready."""
    if aimed == CHECKPOINT:
        await asyncio.sleep(chance.uniform(0, load_s))
        await service.until_logged(BEGINS, 5)
        await asyncio.sleep(chance.uniform(0, 0.004))
    else:
        await asyncio.sleep(chance.expovariate(1 / load_s))
    place.move("")
    await service.end(SIGKILL)
    campaign.kills[_where(service)] += 1
    while aimed in (START, RECOVERY, OPENED):
        service = await services.start()
        if aimed == START:
            await asyncio.sleep(chance.uniform(0, statistics.median(campaign.ready_s or [2.5])))
        elif await service.until_opened() and aimed == RECOVERY:
            await asyncio.sleep(chance.uniform(0, statistics.median(campaign.recovery_s or [0.2])))
        await service.end(SIGKILL)
        campaign.kills[_where(service)] += 1
        aimed = LOAD
    service = await services.start()
    await service.until_opened()
    await service.until_ready()
    campaign.ready_s.append(service.ready - service.started)
    campaign.recovery_s.append(service.ready - service.opened)
    place.move(service.address)
    return service


def _where(service: Faulted) -> str:
    """Return where the kill fell, as the log and the moments tell."""
    if not service.ready:
        return "recovering, the journal open" if service.opened else "starting"
    said = [line for line in service.log if BEGINS in line or WRITTEN in line]
    return "in a checkpoint" if said and BEGINS in said[-1] else "between checkpoints"


def _pace(messages: list[object], kills: int, load_s: float) -> float:
    """Return the time between messages at which they last a little longer than the kills."""
    return 1.2 * kills * load_s / max(1, len(messages))


def print_table(campaign: Campaign, runs: int, seconds: float) -> None:
    """Print what happened as a table."""
    killed = sum(campaign.kills.values())
    ready, recovery = sorted(campaign.ready_s), sorted(campaign.recovery_s)
    rows = {
        "kills": f"{killed} in {runs} runs, {seconds:,.0f} s",
        **{f"of these {where}": n for where, n in campaign.kills.most_common()},
        "frames acknowledged": f"{campaign.acknowledged:,} in {campaign.messages:,} messages",
        "messages sent again": f"{campaign.sent - campaign.messages:,}",
        "frames in them that were journalled, and nobody told": f"{campaign.known:,}",
        "acknowledged frames sent once more, all known": f"{campaign.repeated:,}",
        "acknowledged frames lost, counted twice": "0, 0",
        "reports, comparisons and tallies equal bit for bit": f"{campaign.compared:,}",
        "from the start of the process until it takes calls, s": _spread(ready),
        "of that from the open journal on, s": _spread(recovery),
    }
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _spread(values: list[float]) -> str:
    if not values:
        return "none"
    p99 = values[min(len(values) - 1, int(0.99 * len(values)))]
    return f"median {statistics.median(values):.2f}, p99 {p99:.2f}, most {values[-1]:.2f}"


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
