"""SIGTERM under load: how long it takes, and that each message is answered or refused.

Twelve senders send without a pause to two monitors; beside them a stream is idle and another
caller watches a report. At a random moment the service is asked to stop. Each stream must end with
a status, never well with a message unanswered; the process must be gone in less than five seconds;
and what was acknowledged must be there after the restart, in the file alone: a drained journal has
no log, and a checkpoint covers its changes where there was time for that. All of it holds as well
where traces go to a receiver that never answers.
"""

import argparse
import asyncio
import random
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGTERM

import grpc
from comparing import compared, create_monitors
from faulted import Faulted, Services
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from promises import promised
from senders import Place, Repeater, Sender
from traffic_script import MODELS, MONITORS, make_script

from boxgauge.engine import Engine, ModelRepository, find_graphs
from boxgauge.v1 import monitor_pb2, monitor_pb2_grpc

sys.path.append(str(Path(__file__).resolve().parents[1]))
from timing import machine

DRAIN_S = 5.0  # what a container's manager waits at most, less than its default
IMAGES_A_RUN = 800
SETTINGS = {"report_interval_s": 1}


@dataclass
class Campaign:
    """What happened.

    Attributes:
        drained_s: From SIGTERM until the process was gone.
        refused_s: Until it said NOT_SERVING.
        acknowledged: Frames.
        told: Streams that ended with a status, by which.
        left: Changes that the last checkpoint did not cover, for want of time.
        recovery_s: Of the starts after it, from the open journal until ready.
        known: Acknowledged frames that were sent once more, and were known.
        compared: At the end, bit for bit.
    """

    drained_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    acknowledged: int = 0
    told: dict[str, int] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    known: int = 0
    compared: int = 0


def main() -> None:
    """Print what was measured; fails where a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="times that it is drained")
    parser.add_argument("--within-s", type=float, default=DRAIN_S, help="it must be gone by then")
    parser.add_argument(
        "--silent-receiver",
        action="store_true",
        help="send traces to a receiver that takes connections and never answers",
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.\n", flush=True)
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    campaign = Campaign()
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.db"
        asyncio.run(run_over(engine, campaign, journal, given, random.Random(given.seed)))
    print_table(campaign)


async def run_over(
    engine: Engine,
    campaign: Campaign,
    journal: Path,
    given: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Run the campaign over a new journal; no process of it is left."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        traces = f"http://127.0.0.1:{silent.getsockname()[1]}" if given.silent_receiver else "off"
        async with Services(journal, **SETTINGS, traces=traces) as services:
            await run(engine, campaign, services, given, chance)


async def run(
    engine: Engine,
    campaign: Campaign,
    services: Services,
    given: argparse.Namespace,
    chance: random.Random,
) -> None:
    """Drain it so many times under load, let everything be sent, and compare.

    Raises:
        BrokenPromiseError: Something is lost, a message was neither answered nor refused, or it
            took too long.
    """
    runs: int = given.runs
    script = make_script(IMAGES_A_RUN * runs, chance.randrange(2**32))
    service = await services.start()
    await service.until_ready()
    await create_monitors(service.address, script)
    place = Place(service.address)
    senders = [Sender(each) for each in script.sent.values()]
    repeater = Repeater(senders)
    sending = [asyncio.create_task(each.run(place, chance)) for each in senders]
    try:
        for _ in range(runs):
            await asyncio.sleep(chance.uniform(0.5, 1.5))
            for task in sending:
                if task.done():
                    await task
            promised(
                is_kept=not all(task.done() for task in sending),
                claim=f"it is drained under load {runs} times: all was sent after"
                f" {len(campaign.drained_s)}",
            )
            service = await _drained(services, service, place, campaign, given.within_s)
        async with asyncio.timeout(300):
            await asyncio.gather(*sending)
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    silent = sum(each.silent for each in senders)
    promised(is_kept=not silent, claim=f"a stream ends well when all is answered: {silent}")
    await repeater.repeat(place.address, [m for each in senders for m in each.messages])
    campaign.known = repeater.repeated
    campaign.acknowledged = sum(each.frames for each in senders)
    for each in senders:
        for code, count in each.refusals.items():
            campaign.told[code.name] = campaign.told.get(code.name, 0) + count
    campaign.compared = await compared(engine, script, service, services)


async def _drained(
    services: Services, service: Faulted, place: Place, campaign: Campaign, within_s: float
) -> Faulted:
    """Drain it while others look on, and return the next that is ready."""
    async with aio.insecure_channel(service.address) as channel:
        stub = monitor_pb2_grpc.MonitorServiceStub(channel)  # type: ignore[no-untyped-call]
        idle = stub.Observe()
        request = monitor_pb2.WatchReportRequest(
            monitor=MONITORS[0], model=MODELS[0], interval_s=3600
        )
        watch = stub.WatchReport(request)
        await watch.read()
        health = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        await health.read()
        began = time.monotonic()
        place.move("")
        service.process.send_signal(SIGTERM)
        answer = await health.read()
        campaign.refused_s.append(time.monotonic() - began)
        promised(
            is_kept=answer.status == health_pb2.HealthCheckResponse.NOT_SERVING,
            claim=f"it says NOT_SERVING first: {answer}",
        )
        for name, stream in (("a watch", watch), ("an idle stream", idle)):
            with suppress(aio.AioRpcError):
                await stream.read()
            code = await stream.code()
            told = code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
            promised(is_kept=told, claim=f"{name} is told that it ends: {code}")
        status = await service.gone()
    drained_s = time.monotonic() - began
    campaign.drained_s.append(drained_s)
    promised(is_kept=status == 0, claim=f"it ends well: {status}")
    promised(is_kept=drained_s < within_s, claim=f"it is gone within {within_s} s: {drained_s}")
    campaign.left.append(_left(service.journal))
    service = await services.start()
    await service.until_opened()
    await service.until_ready()
    campaign.recovery_s.append(service.ready - service.opened)
    place.move(service.address)
    return service


def _left(journal: Path) -> int:
    """Return how many changes the last checkpoint does not cover; all must be in the file."""
    log = journal.with_name(f"{journal.name}-wal")
    promised(is_kept=not log.exists(), claim="no log is left behind")
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        (left,) = connection.execute(
            "SELECT count(*) FROM changes JOIN spaces ON spaces.id = changes.space"
            " WHERE changes.number > spaces.checkpoint"
        ).fetchone()
    return int(left)


def print_table(campaign: Campaign) -> None:
    """Print what happened as a table."""
    told = ", ".join(f"{n} {name}" for name, n in sorted(campaign.told.items()))
    rows = {
        "drained under load": f"{len(campaign.drained_s)} times",
        "from SIGTERM until NOT_SERVING, s": _spread(campaign.refused_s),
        "until the process was gone, s": _spread(campaign.drained_s),
        "streams that ended then, by status": told,
        "streams that ended well with a message unanswered": 0,
        "changes that no checkpoint covered then": (
            f"none {campaign.left.count(0)} times, else at most {max(campaign.left, default=0):,}"
        ),
        "from the open journal until it takes calls, s": _spread(campaign.recovery_s),
        "frames acknowledged": f"{campaign.acknowledged:,}",
        "of them sent once more, all known": f"{campaign.known:,}",
        "reports, comparisons and tallies equal bit for bit": f"{campaign.compared:,}",
    }
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")


def _spread(values: list[float]) -> str:
    return f"median {statistics.median(values):.2f}, most {max(values):.2f}" if values else "none"


if __name__ == "__main__":
    main()
