"""A disk that gets full at every n-th write, again and again: refused clearly, nothing lost.

The journal is on a small file system of its own (a tmpfs, which needs the right to mount one; or a
folder on a small file system that is given). In round n a file is grown until n pages are left,
while twelve senders send to two monitors. When the first of them is refused, it is checked that the
refusal is RESOURCE_EXHAUSTED, says which file system and when to try again, that reports and
metrics are answered, and that the metrics say so; every few rounds the service is killed, or
stopped, and started while the disk is full. Then there is room again, and senders must get on
without a restart. When all is sent, reports are compared as in `kill.py`.

While it is full, two further monitors are made, told frames, reset and deleted, and backups are
asked for: each is done, or refused likewise with nothing of it done, and done once there is room.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import grpc
from comparing import compared, create_monitors
from faulted import Faulted, Services
from judged import said
from operators import Operators, Told, check_gone
from promises import promised
from senders import Place, Sender
from small_disk import Filler, small_disk
from traffic_script import make_script
from when_full import WhenFull, check_full

from boxgauge.engine import Engine, ModelRepository, find_graphs

sys.path.append(str(Path(__file__).resolve().parents[1]))
from timing import machine

SETTINGS = {"checkpoint_interval_s": 0.1, "report_interval_s": 1}
IMAGES_A_ROUND = 140  # the log of the database is written through once before it grows
WAIT_S = 60.0
# Mean time between two messages of a sender: while the disk gets full, and while operators have
# what they want done, so that something is left to be sent.
PACE_S, SLOWLY_S = 0.01, 0.3


@dataclass
class Campaign:
    """What happened.

    Attributes:
        rounds: In which the disk was full.
        refusals: Streams that ended with RESOURCE_EXHAUSTED.
        reads: Reports, comparisons and tallies that were answered while it was full.
        restarts: While it was full, by how the service ended.
        resumed_s: From when there was room until a message was acknowledged.
        acknowledged: Frames.
        compared: At the end, bit for bit.
        rows: What operators asked for while it was full.
        told: And all in all.
    """

    rounds: int = 0
    refusals: int = 0
    reads: int = 0
    restarts: dict[str, int] = field(default_factory=lambda: {"SIGKILL": 0, "SIGTERM": 0})
    resumed_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    compared: int = 0
    rows: dict[str, str] = field(default_factory=dict)
    told: Told = field(default_factory=Told)


def main() -> None:
    """Print what was measured; fails where a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=64, help="times that the disk gets full")
    parser.add_argument("--folder", type=Path, help="on a small file system; default: a tmpfs")
    parser.add_argument("--restart-every", type=int, default=8, help="rounds; 0: never")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    campaign, started = Campaign(), time.monotonic()
    with small_disk(given.folder) as folder:
        asyncio.run(run_in(engine, campaign, folder, given, random.Random(given.seed)))
    print_table(campaign, time.monotonic() - started)


async def run_in(
    engine: Engine,
    campaign: Campaign,
    folder: Path,
    given: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Run the campaign on a small disk; no process of it is left there."""
    filler = Filler(folder)
    try:
        with tempfile.TemporaryDirectory() as copies:
            async with Services(folder / "journal.db", **SETTINGS) as services:
                await run(engine, campaign, services, filler, Path(copies), given, chance)
    finally:
        filler.release()


async def run(
    engine: Engine,
    campaign: Campaign,
    services: Services,
    filler: Filler,
    copies: Path,
    given: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Let the disk get full so many times, everything be sent, and compare.

    Raises:
        BrokenPromiseError: Something is lost, half taken, refused otherwise, or does not go on.
    """
    script = make_script(IMAGES_A_ROUND * given.runs, chance.randrange(2**32))
    service = await services.start()
    await service.until_ready()
    await create_monitors(service.address, script)
    place = Place(service.address)
    senders = [Sender(each, pace_s=PACE_S) for each in script.sent.values()]
    operators = Operators(copies, script, senders, chance)
    when_full = WhenFull(operators, services.journal.parent)
    sending = [asyncio.create_task(each.run(place, chance)) for each in senders]
    rounds = Rounds(campaign, services, place, filler, senders, sending, when_full, chance)
    try:
        await _until(lambda: all(each.done > 3 for each in senders))  # there are models and slices
        for n in range(given.runs):
            ends = None
            if given.restart_every and n % given.restart_every == given.restart_every - 1:
                ends = SIGKILL if n // given.restart_every % 2 else SIGTERM
            after = await rounds.run(service, n, ends)
            if after is None:
                break
            service = after
        filler.release()
        _pace(senders, 0.0)
        async with asyncio.timeout(300):
            await asyncio.gather(*sending)
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    campaign.refusals = sum(s.refusals[grpc.StatusCode.RESOURCE_EXHAUSTED] for s in senders)
    campaign.acknowledged = sum(each.frames for each in senders)
    beside = [await operators.finish(place)]
    campaign.compared = await compared(engine, script, service, services, beside=beside)
    await check_gone(services.journal)
    await operators.check_backups(engine)
    campaign.rows = when_full.rows()
    campaign.told.add(operators)


@dataclass(frozen=True)
class Rounds:
    """In each of them the disk gets full, and then there is room again.

    Attributes:
        campaign: Where what happened is counted.
        services: Starts the next service.
        place: Where senders find it.
        filler: Takes the room.
        senders: Who send meanwhile.
        sending: Their tasks.
        when_full: Asks for administrative operations.
        chance: Decides.
    """

    campaign: Campaign
    services: Services
    place: Place
    filler: Filler
    senders: list[Sender]
    sending: list["asyncio.Task[None]"]
    when_full: WhenFull
    chance: random.Random

    async def run(self, service: Faulted, n: int, ends: Signals | None) -> Faulted | None:
        """Leave n pages, look at what happens then, and make room.

        Args:
            service: Running.
            n: So many pages.
            ends: How the service ends while the disk is full; None: it goes on.

        Returns:
            The service that runs afterwards; None if all was sent before the disk was full.
        """
        campaign, senders, sending = self.campaign, self.senders, self.sending
        _pace(senders, SLOWLY_S)
        await self.when_full.prepare(self.place, n)
        _pace(senders, PACE_S)
        if not await _get_full(self.filler, n, senders, sending):
            return None
        campaign.rounds += 1
        _check_refusal(senders)
        campaign.reads += len(await said(service.address))
        await _until_metric(service, sending, is_writable=False)
        await self.when_full.ask(self.place)
        if ends is not None:
            service = await _restart(self.services, service, self.place, ends, senders)
            campaign.restarts[ends.name] += 1
            await self.when_full.look(self.place)
        began, done = time.monotonic(), [each.done for each in senders]
        self.filler.release()
        if not all(task.done() for task in sending):
            await _until(lambda: _done_more(senders, done))
            campaign.resumed_s.append(time.monotonic() - began)
        await _until_metric(service, sending, is_writable=True)
        _pace(senders, SLOWLY_S)
        await self.when_full.again(self.place, self.chance)
        return service


async def _get_full(
    filler: Filler, pages: int, senders: list[Sender], sending: list["asyncio.Task[None]"]
) -> bool:
    """Leave so many pages and wait until somebody is refused; False: all was sent before."""
    before = _refused(senders)
    filler.leave(pages)
    deadline = time.monotonic() + WAIT_S
    while _refused(senders) == before:
        for task in sending:
            if task.done():
                await task
        if all(task.done() for task in sending):
            return False
        # What the log of the database has room for in itself is still taken.
        filler.leave(pages if time.monotonic() < deadline - WAIT_S / 2 else 0)
        promised(is_kept=time.monotonic() < deadline, claim="a full disk is noticed")
        await asyncio.sleep(0.02)
    return True


def _pace(senders: list[Sender], pace_s: float) -> None:
    for each in senders:
        each.pace_s = pace_s


def _done_more(senders: list[Sender], done: list[int]) -> bool:
    return any(each.done > k for each, k in zip(senders, done, strict=True))


def _refused(senders: list[Sender]) -> int:
    return sum(each.refusals[grpc.StatusCode.RESOURCE_EXHAUSTED] for each in senders)


def _check_refusal(senders: list[Sender]) -> None:
    """Check the status, the words and the details of refusals."""
    found = [s.last for s in senders if s.last is not None]
    full = [each for each in found if each.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
    promised(is_kept=bool(full), claim="a full disk is RESOURCE_EXHAUSTED")
    for each in full:
        check_full(each)


async def _restart(
    services: Services, service: Faulted, place: Place, ends: Signals, senders: list[Sender]
) -> Faulted:
    """End the service while its disk is full, and start it again: it reads, and refuses."""
    place.move("")
    await service.end(ends)
    service = await services.start()
    await service.until_ready()
    await said(service.address)
    before = _refused(senders)
    place.move(service.address)
    await _until(lambda: _refused(senders) > before)
    _check_refusal(senders)
    return service


async def _until_metric(
    service: Faulted, sending: list["asyncio.Task[None]"], *, is_writable: bool
) -> None:
    line = f"boxgauge_journal_writable {float(is_writable)}\n".encode()

    def scraped() -> bytes:
        with urllib.request.urlopen(service.metrics_url, timeout=10) as answer:  # noqa: S310 (ours)
            found: bytes = answer.read()
        return found

    deadline = time.monotonic() + WAIT_S
    # Where nobody sends any more, a page that is left is tried, and found to be there.
    while line not in await asyncio.to_thread(scraped) and not all(t.done() for t in sending):
        promised(is_kept=time.monotonic() < deadline, claim=f"metrics say {line.decode()}")
        await asyncio.sleep(0.02)


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        promised(is_kept=time.monotonic() < deadline, claim="the service goes on")
        await asyncio.sleep(0.005)


def print_table(campaign: Campaign, seconds: float) -> None:
    """Print what happened as a table."""
    resumed = sorted(campaign.resumed_s)
    restarts = ", ".join(f"{n} after {name}" for name, n in campaign.restarts.items())
    rows = {
        "times the disk got full, with 0, 1, 2, … pages left": campaign.rounds,
        "seconds": f"{seconds:,.0f}",
        "streams refused, each RESOURCE_EXHAUSTED, named, with retry": f"{campaign.refusals:,}",
        "reports, comparisons and tallies answered while it was full": f"{campaign.reads:,}",
        "starts while it was full": restarts,
        "until a message was acknowledged once there was room, s": (
            f"median {statistics.median(resumed):.2f}, most {resumed[-1]:.2f}" if resumed else ""
        ),
        "frames acknowledged": f"{campaign.acknowledged:,}",
        "acknowledged frames lost, counted twice": "0, 0",
        "reports, comparisons and tallies equal bit for bit": f"{campaign.compared:,}",
        **campaign.rows,
        **campaign.told.rows(),
    }
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
