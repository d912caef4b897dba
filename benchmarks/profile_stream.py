"""Where the server's time goes for messages of a stream, all in one thread under cProfile.

The path is the server's own from the serialised message to the tally, without gRPC and
without the thread pool. The profiler makes Python calls look dearer than they are, so the
plain CPU time of the same path stands above the table.
"""

import argparse
import asyncio
import cProfile
import pstats
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from matching_alone import open_engine
from messages import MONITOR, Traffic, create_request, make_traffic
from prometheus_client import CollectorRegistry

from boxgauge.server.monitor.book import Book
from boxgauge.server.monitor.ledger import Ledger
from boxgauge.server.monitor.monitor import Surroundings
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.server.wire.settings_wire import classes_in, evaluation_in
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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=30)
    given = parser.parse_args()
    traffic = make_traffic(given.images, in_message=given.in_message, seed=given.seed)
    asyncio.run(_observe_all(traffic))
    started = time.process_time()
    asyncio.run(_observe_all(traffic))
    seconds = time.process_time() - started
    images = len(traffic.messages) * traffic.images
    print(f"{seconds / images * 1e6:.0f} µs of CPU an image, {traffic.images} images a message\n")
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    asyncio.run(_observe_all(traffic))
    profile.disable()
    print(_table(profile, images, given.rows))


async def _observe_all(traffic: Traffic) -> None:
    engine = open_engine()
    telemetry = Telemetry(CollectorRegistry())
    engine.observe_run = telemetry.ran
    around = Surroundings(
        engine, _Inline(), Ledger(10**9, 10**9), telemetry, max_models=1, max_waiting=64
    )
    settings = create_request().settings
    book = Book(around, max_monitors=1)
    monitor = book.create(MONITOR, classes_in(settings.classes), evaluation_in(settings.evaluation))
    for message in traffic.messages:
        request = pb.ObserveRequest.FromString(message)
        await monitor.observe(request.model, arrivals(request.frames))


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
