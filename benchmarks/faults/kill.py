"""kill -9 at random moments under load: nothing acknowledged is lost, nothing is counted twice.

Each run has a journal of its own, two monitors (exact and sketch) and twelve senders: two models,
labels, and corrections of each, which may come before what they correct. The service is a process;
it is killed under load, in the middle of a checkpoint, while it starts and while it recovers, and
started again over the same journal. Senders send again what was not acknowledged; beside them
acknowledged messages are sent once more, each of which must be known. When all is sent, reports
are compared with those of a service that was told the same in another order and never killed, and
tallies with those made anew from the sides that the journal holds: bit for bit.

Operators ask for things meanwhile, and the service is killed while it does them, too: two further
monitors are made, told frames, reset and deleted, and backups are made. What was acknowledged has
happened; what was not has happened as a whole or not at all; a backup that was acknowledged has all
that was acknowledged before it was asked for, and one that was cut off leaves no file.
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
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

from comparing import compared, create_monitors
from faulted import Services
from killing import SETTINGS, SHARES, Campaign, Killing
from operators import Operators, check_gone
from promises import promised
from senders import Place, Repeater, Sender
from traffic_script import make_script

from boxgauge.engine import Engine, ModelRepository, find_graphs

sys.path.append(str(Path(__file__).resolve().parents[1]))
from timing import machine

IMAGES_A_KILL = 100


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
    operates: bool = True,
    compares: bool = True,
) -> None:
    """Kill one service at such moments, let everything be sent, and compare.

    Args:
        engine: For a clean run.
        campaign: Where what happened is counted.
        aims: The moments; while it starts or recovers there is another kill before that.
        load_s: Mean time between two kills.
        chance: Decides.
        restarts: Compare what it says after a last restart, too.
        operates: Operators ask for monitors and backups meanwhile.
        compares: Compare with what a clean run says.

    Raises:
        BrokenPromiseError: Something is lost, counted twice, half done, or said otherwise.
    """
    kills = len(aims)
    script = make_script(IMAGES_A_KILL * kills, chance.randrange(2**32))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        journal, copies = folder / "journal.db", folder / "backups"
        copies.mkdir()
        services = await stack.enter_async_context(Services(journal, **SETTINGS))
        service = await services.start()
        await service.until_ready()
        await create_monitors(service.address, script)
        place = Place(service.address)
        senders = [Sender(each, _pace(each, kills, load_s)) for each in script.sent.values()]
        repeater = Repeater(senders)
        operators = Operators(copies, script, senders, chance)
        if not operates:
            operators.stop()
        killing = Killing(services, place, operators, campaign, load_s, chance)
        sending = [asyncio.create_task(each.run(place, chance)) for each in senders]
        repeating = asyncio.create_task(repeater.run(place, chance, load_s / 4))
        operating = asyncio.create_task(operators.run(place, load_s / 10))
        try:
            for aim in aims:
                # Whoever found that something is lost ends the campaign here.
                await asyncio.gather(*(task for task in (*sending, operating) if task.done()))
                service = await killing.kill(service, aim)
            operators.stop()
            for each in senders:
                each.pace_s = 0
            async with asyncio.timeout(300):
                await asyncio.gather(*sending, operating)
            if repeating.done():
                await repeating
        finally:
            for task in (*sending, repeating, operating):
                task.cancel()
            await asyncio.gather(*sending, repeating, operating, return_exceptions=True)
        # Every last one that was acknowledged, not only those drawn while it was killed.
        await repeater.repeat(place.address, [m for each in senders for m in each.messages])
        silent = sum(each.silent for each in senders)
        promised(is_kept=not silent, claim=f"a stream ends well when all is answered: {silent}")
        beside = [await operators.finish(place)] if operates else []
        if compares:
            campaign.compared += await compared(
                engine, script, service, services, restarts=restarts, beside=beside
            )
        else:
            await service.end(SIGTERM)
        await check_gone(journal)
        await operators.check_backups(engine)
    campaign.told.add(operators)
    campaign.acknowledged += sum(each.frames for each in senders)
    campaign.sent += sum(each.sent for each in senders)
    campaign.messages += sum(len(each.messages) for each in senders)
    campaign.known += sum(each.known for each in senders)
    campaign.repeated += repeater.repeated


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
        "kills with one of these not answered": _counts(campaign.within),
        **campaign.told.rows(),
        "from the start of the process until it takes calls, s": _spread(ready),
        "of that from the open journal on, s": _spread(recovery),
    }
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _counts(of: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in of.most_common()) or "none"


def _spread(values: list[float]) -> str:
    if not values:
        return "none"
    p99 = values[min(len(values) - 1, int(0.99 * len(values)))]
    return f"median {statistics.median(values):.2f}, p99 {p99:.2f}, most {values[-1]:.2f}"


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
