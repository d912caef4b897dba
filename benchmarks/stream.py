"""Images a second through a monitor's stream, beside what gRPC and the graph alone allow.

Messages hold both sides of their images and are serialised beforehand; at most 8 of them
are unanswered at a time. The servers are processes of their own. The echo server parses
the same messages and answers as many bytes. The graph alone is ONNX Runtime's run of the
matching graph over the images of one message, in one thread, in this process. The combined
limit is what one thread that did both, and nothing else, would reach.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grpc import aio
from matching_alone import seconds_of_runs
from messages import MONITOR, Traffic, create_request, make_traffic
from timing import cpu_seconds, machine

from boxgauge.v1 import monitor_pb2 as pb
from boxgauge.v1 import monitor_pb2_grpc as rpc

WINDOW = 8
SIZES = (1, 16, 64)
_HERE = Path(__file__).resolve().parent
_SERVE = [
    sys.executable,
    "-m",
    "boxgauge.cli",
    "serve",
    "--ephemeral",
    "--port",
    "0",
    "--metrics-port",
    "0",
]
_BOUNDS = {"BOXGAUGE_MAX_HELD_BOXES": "100000000", "BOXGAUGE_MAX_HELD_IMAGES": "10000000"}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=6400, help="in a repetition of 16 and 64")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(
        f"100 detections and 10 ground truths an image, window {WINDOW};"
        f" medians of {given.repeats}.\n",
        flush=True,
    )
    print(
        "| images a message | images a repetition | echo images/s | graph alone images/s"
        " | combined limit | BoxGauge images/s | share of the limit | server CPU µs an image |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with _server([sys.executable, str(_HERE / "echo.py")]) as echo, _server(_SERVE) as served:
        for size in given.sizes:
            images = given.images if size > 1 else max(given.images // 4, 1)
            traffic = make_traffic(images, in_message=size, seed=given.seed)
            print(_row(traffic, echo, served, given.repeats), flush=True)


def _row(
    traffic: Traffic,
    echo: tuple[str, int],
    served: tuple[str, int],
    repeats: int,
) -> str:
    images = traffic.images * len(traffic.messages)
    rates: dict[str, list[float]] = {"echo": [], "graph": [], "served": []}
    cpus = []
    # One more of each comes first, for warming up; the three take turns.
    for k in range(repeats + 1):
        echo_s, _ = asyncio.run(stream(echo, traffic))
        graph_s = seconds_of_runs(traffic.frames)
        served_s, cpu_s = asyncio.run(stream(served, traffic))
        if k:
            for name, seconds in (("echo", echo_s), ("graph", graph_s), ("served", served_s)):
                rates[name].append(images / seconds)
            cpus.append(cpu_s / images * 1e6)
    bare, graph, reached = (statistics.median(rates[name]) for name in rates)
    limit = 1 / (1 / bare + 1 / graph)
    cells = [
        f"{traffic.images}",
        f"{images}",
        *(f"{each:,.0f}" for each in (bare, graph, limit, reached)),
        f"{reached / limit:.2f}",
        f"{statistics.median(cpus):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


async def stream(server: tuple[str, int], traffic: Traffic) -> tuple[float, float]:
    """Send everything once and return the wall seconds and the server's CPU seconds.

    Raises:
        RuntimeError: The server did not take every image.
    """
    address, process = server
    async with aio.insecure_channel(address) as channel:
        stub: Any = rpc.MonitorServiceStub(channel)
        await stub.CreateMonitor(create_request())
        await stub.ResetMonitor(pb.ResetMonitorRequest(monitor=MONITOR))
        observe: Any = channel.stream_stream(
            "/boxgauge.v1.MonitorService/Observe",
            response_deserializer=pb.ObserveResponse.FromString,
        )
        cpu_before = cpu_seconds(process)
        started = time.perf_counter()
        call = observe()
        free = asyncio.Semaphore(WINDOW)

        async def send() -> None:
            for message in traffic.messages:
                await free.acquire()
                await call.write(message)
            await call.done_writing()

        sender = asyncio.create_task(send())
        accepted = 0
        while (answer := await call.read()) is not aio.EOF:
            free.release()
            accepted += answer.accepted
        await sender
        seconds = time.perf_counter() - started
        cpu = cpu_seconds(process) - cpu_before
    wanted = 2 * traffic.images * len(traffic.messages)
    if accepted != wanted:
        raise RuntimeError(f"the server must take {wanted} image sides: it took {accepted}")
    return seconds, cpu


@contextmanager
def _server(command: list[str]) -> Iterator[tuple[str, int]]:
    """Run a server that prints one line of JSON with its address, and stop it at the end."""
    environment = {**os.environ, **_BOUNDS}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"{' '.join(command)} did not start")
            yield json.loads(line)["address"], process.pid
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
