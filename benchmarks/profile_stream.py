"""Where the server's time goes for messages of a stream, in one thread under cProfile.

The path is the server's own from the serialised message to the stores, without gRPC and
without the thread pool. The journal has a thread of its own, whose time is in the figure above
the table (`profile_journal.py` looks into it) and not in the table. The profiler makes Python
calls look dearer than they are; the figure above the table is without it.
"""

import argparse
import asyncio
import cProfile
import pstats
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from messages import MONITOR, Traffic, create_request, make_traffic
from prometheus_client import CollectorRegistry

from boxgauge.engine import Engine, ModelRepository, find_graphs
from boxgauge.server.journal.journal import Journal
from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.surroundings import Surroundings
from boxgauge.server.reporting.lanes import Lanes
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.server.wire.monitor_wire import definition_in
from boxgauge.v1 import monitor_pb2 as pb


class _Inline(Executor):
    """Runs at once, in the caller's thread, so that one profile sees everything."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 (handed to who waits)
            done.set_exception(error)
        return done


def main() -> None:
    """Print the CPU time of an image and the dearest functions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3200)
    parser.add_argument("--in-message", type=int, default=16)
    parser.add_argument("--under-way", type=int, default=1, help="messages; they are grouped")
    parser.add_argument("--tally", choices=("exact", "sketch"), default="exact")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=30)
    given = parser.parse_args()
    traffic = make_traffic(given.images, in_message=given.in_message, seed=given.seed)
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    tally = pb.TallyKind.Value(f"TALLY_KIND_{given.tally.upper()}")
    seconds = []
    for _ in range(given.repeats + 1):
        started = time.process_time()
        asyncio.run(_observe_all(engine, traffic, tally, given.under_way))
        seconds.append(time.process_time() - started)
    images = len(traffic.messages) * traffic.images
    print(
        f"{statistics.median(seconds[1:]) / images * 1e6:.0f} µs of CPU an image (median of"
        f" {given.repeats}), {traffic.images} images a message, {given.under_way} messages under"
        f" way, {given.tally} monitor\n"
    )
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    asyncio.run(_observe_all(engine, traffic, tally, given.under_way))
    profile.disable()
    print(_table(profile, images, given.rows))


async def _observe_all(
    engine: Engine, traffic: Traffic, tally: "pb.TallyKind", under_way: int
) -> None:
    telemetry = Telemetry(CollectorRegistry())
    engine.observe_run = telemetry.ran
    journal = await Journal.open(None)
    around = Surroundings(
        engine=engine,
        executor=_Inline(),
        journal=journal,
        ledger=Ledger(10**9, 10**9),
        telemetry=telemetry,
        clock_us=lambda: time.time_ns() // 1000,
        max_models=1,
        max_waiting=64,
        max_tally_bytes=2**40,
        max_journal_bytes=2**40,
        lanes=Lanes(_Inline(), _Inline()),
    )
    book = Book(around, max_monitors=1)
    settings = create_request().settings
    settings.tally = tally
    monitor = await book.create(MONITOR, definition_in(settings))
    free = asyncio.Semaphore(under_way)
    for message in traffic.messages:
        await free.acquire()
        request = pb.ObserveRequest.FromString(message)
        monitor.observe(request.model, arrivals(request.frames)).add_done_callback(
            lambda _: free.release()
        )
    await monitor.settle()
    await journal.close()


def _table(profile: cProfile.Profile, images: int, rows: int) -> str:
    found: Any = pstats.Stats(profile)
    lines = ["| function | calls | own µs an image | with its callees µs an image |"]
    lines.append("|---|---|---|---|")
    dearest = sorted(found.stats.items(), key=lambda each: -each[1][2])[:rows]
    for (path, line, name), (_, calls, own, cumulative, _) in dearest:
        place = name if path == "~" else f"{Path(path).stem}.py:{line} {name}"
        per_image = f"{own / images * 1e6:.1f} | {cumulative / images * 1e6:.1f}"
        lines.append(f"| {place.replace('|', '/')} | {calls} | {per_image} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
