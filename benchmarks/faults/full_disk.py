"""A disk that gets full at every n-th write, again and again: refused clearly, nothing lost.

The journal is on a small file system of its own (a tmpfs, which needs the right to mount one; or a
folder on a small file system that is given). In round n a file is grown until n pages are left,
while twelve senders send to two monitors. When the first of them is refused, it is checked that the
refusal is RESOURCE_EXHAUSTED, says which file system and when to try again, that reports and
metrics are answered, and that the metrics say so; every few rounds the service is killed, or
stopped, and started while the disk is full. Then there is room again, and senders must get on
without a restart. When all is sent, reports are compared as in `kill.py`.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import grpc
from comparing import compared, create_monitors
from faulted import Faulted
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from judged import said
from promises import promised
from senders import Place, Sender
from traffic_script import make_script

from boxgauge.engine import Engine, ModelRepository, find_graphs

sys.path.append(str(Path(__file__).resolve().parents[1]))
from timing import machine

PAGE = 4096
SIZE_MIB = 48
SETTINGS = {"checkpoint_interval_s": 0.1, "report_interval_s": 1}
IMAGES_A_ROUND = 60
WAIT_S = 60.0
WORDS = "the file system of the journal"


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
    """

    rounds: int = 0
    refusals: int = 0
    reads: int = 0
    restarts: dict[str, int] = field(default_factory=lambda: {"SIGKILL": 0, "SIGTERM": 0})
    resumed_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    compared: int = 0


class Filler:
    """A file that takes the room of others."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "filler"

    def leave(self, pages: int) -> None:
        """Take all room but so many pages."""
        with self._path.open("ab", buffering=0) as file:
            size = file.tell()
            step = 256 * PAGE
            while step:
                try:
                    size += file.write(bytes(step))
                except OSError:
                    step = 0 if step == PAGE else PAGE
            file.truncate(max(0, size - pages * PAGE))

    def release(self) -> None:
        """Give all of it back."""
        self._path.unlink(missing_ok=True)


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
        asyncio.run(run(engine, campaign, folder, given, random.Random(given.seed)))
    print_table(campaign, time.monotonic() - started)


@contextlib.contextmanager
def small_disk(folder: Path | None) -> Iterator[Path]:
    """Yield a folder on a small file system of its own."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        options = f"size={SIZE_MIB}m,mode=700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "boxgauge", made], check=True)
        try:
            yield Path(made)
        finally:
            subprocess.run(["umount", made], check=True)


async def run(
    engine: Engine,
    campaign: Campaign,
    folder: Path,
    given: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Let the disk get full so many times, everything be sent, and compare.

    Raises:
        BrokenPromiseError: Something is lost, half taken, refused otherwise, or does not go on.
    """
    rounds, restart_every = given.runs, given.restart_every
    script = make_script(IMAGES_A_ROUND * rounds, chance.randrange(2**32))
    journal, filler = folder / "journal.db", Filler(folder)
    service = await Faulted.start(journal, **SETTINGS)
    await service.until_ready()
    await create_monitors(service.address, script)
    place = Place(service.address)
    senders = [Sender(each, pace_s=0.01) for each in script.sent.values()]
    sending = [asyncio.create_task(each.run(place, chance)) for each in senders]
    try:
        for n in range(rounds):
            if not await _get_full(filler, n, senders, sending):
                break
            campaign.rounds += 1
            _check_refusal(senders)
            if n:  # before that there may be no model yet
                campaign.reads += len(await said(service.address))
            await _until_metric(service, is_writable=False)
            if restart_every and n % restart_every == restart_every - 1:
                ends = SIGKILL if n // restart_every % 2 else SIGTERM
                service = await _restart(service, place, ends, senders)
                campaign.restarts[ends.name] += 1
            began, done = time.monotonic(), [each.done for each in senders]
            filler.release()
            await _until(lambda d=done: any(s.done > k for s, k in zip(senders, d, strict=True)))
            campaign.resumed_s.append(time.monotonic() - began)
            await _until_metric(service, is_writable=True)
        for each in senders:
            each.pace_s = 0
        async with asyncio.timeout(300):
            await asyncio.gather(*sending)
    finally:
        filler.release()
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    campaign.refusals = sum(s.refusals[grpc.StatusCode.RESOURCE_EXHAUSTED] for s in senders)
    campaign.acknowledged = sum(each.frames for each in senders)
    campaign.compared = await compared(engine, script, service, journal)


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


def _refused(senders: list[Sender]) -> int:
    return sum(each.refusals[grpc.StatusCode.RESOURCE_EXHAUSTED] for each in senders)


def _check_refusal(senders: list[Sender]) -> None:
    """Check the status, the words and the details of refusals."""
    found = [s.last for s in senders if s.last is not None]
    full = [each for each in found if each.code() is grpc.StatusCode.RESOURCE_EXHAUSTED]
    promised(is_kept=bool(full), claim="a full disk is RESOURCE_EXHAUSTED")
    for each in full:
        promised(is_kept=WORDS in (each.details() or ""), claim=f"named: {each.details()}")
        status = rpc_status.from_call(each)
        retry = error_details_pb2.RetryInfo()
        has_retry = status is not None and any(d.Unpack(retry) for d in status.details)
        promised(is_kept=has_retry, claim=f"says when to try again: {status}")


async def _restart(service: Faulted, place: Place, ends: Signals, senders: list[Sender]) -> Faulted:
    """End the service while its disk is full, and start it again: it reads, and refuses."""
    place.move("")
    await service.end(ends)
    service = await Faulted.start(service.journal, **SETTINGS)
    await service.until_ready()
    await said(service.address)
    before = _refused(senders)
    place.move(service.address)
    await _until(lambda: _refused(senders) > before)
    _check_refusal(senders)
    return service


async def _until_metric(service: Faulted, *, is_writable: bool) -> None:
    line = f"boxgauge_journal_writable {float(is_writable)}\n".encode()

    def scraped() -> bytes:
        with urllib.request.urlopen(service.metrics_url, timeout=10) as answer:  # noqa: S310 (ours)
            found: bytes = answer.read()
        return found

    deadline = time.monotonic() + WAIT_S
    while line not in await asyncio.to_thread(scraped):
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
    }
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    main()
