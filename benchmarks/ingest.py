"""Sustained, durable ingest, beside what gRPC, the matching graph and the disk allow.

The server is `boxgauge serve` with a journal in a file, in a process of its own; the client
is this process. Every image is new, with 100 detections and 10 true objects, both sides in
one message. First as fast as may be: on each stream 8 messages are unanswered at a time. Then
half as many images a second as that, on schedule: a message is timed from when it was due until
it was acknowledged, which is when it is on disk and in the reports.

Echo is a bare server that parses the same messages, under the same client. The graph alone is
ONNX Runtime's run of the matching graph over the images of a message. Fsync alone is the same
bytes of boxes, appended to a file and synchronised in as many groups as the journal committed.
The combined limit is what one thread that did all three, one after the other, and nothing else,
would reach. All of it is measured in turn, in one run.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matching_alone import seconds_of_runs
from messages import TRUTHS_PER_IMAGE, Traffic, make_traffic
from sending import Numbered, Sent, at_once, create, on_schedule
from served import Served, serve, serve_echo
from timing import machine
from workload import DETECTIONS_PER_IMAGE

from boxgauge.server.monitor.rows import GROUND_TRUTH, PREDICTION
from boxgauge.v1 import monitor_pb2 as pb

SIZES = (1, 16, 64)
_KINDS = {"exact": pb.TALLY_KIND_EXACT, "sketch": pb.TALLY_KIND_SKETCH}
POOL = 640  # images whose boxes are sent again and again
IMAGE_BYTES = DETECTIONS_PER_IMAGE * PREDICTION.itemsize + TRUTHS_PER_IMAGE * GROUND_TRUTH.itemsize
_BOUNDS = {"max_held_boxes": 10**9, "max_held_images": 10**8, "max_journal_bytes": 10**11}
_COMMITS = "boxgauge_journal_commit_seconds_count"


@dataclass(slots=True)
class Found:
    """What the repetitions of one row showed, a number each."""

    echo: list[float] = field(default_factory=list)
    graph: list[float] = field(default_factory=list)
    fsync: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    in_commit: list[float] = field(default_factory=list)
    latencies_ms: list[tuple[float, float, float]] = field(default_factory=list)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each part of a repetition")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--tallies", nargs="+", choices=_KINDS, default=list(_KINDS))
    parser.add_argument("--folder", type=Path, default=None, help="on the disk of the journal")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(
        f"{DETECTIONS_PER_IMAGE} detections and {TRUTHS_PER_IMAGE} true objects an image,"
        f" {given.streams} streams;"
        f" medians of {given.repeats} repetitions of {given.seconds:g} s.\n"
    )
    print(
        "| tally | images a message | echo, images/s | graph alone | fsync alone | combined limit"
        " | BoxGauge, images/s | share of the limit | server CPU, µs an image | cores | images"
        " a commit | at half: p50, ms | p99, ms | most, ms |"
    )
    print("|---" * 14 + "|")
    for tally in given.tallies:
        for size in given.sizes:
            traffic = make_traffic(max(POOL, size), in_message=size, seed=given.seed)
            print(f"| {tally} | {size} | {_row(given, tally, traffic)} |", flush=True)


def _row(given: argparse.Namespace, tally: str, traffic: Traffic) -> str:
    found = Found()
    with (
        tempfile.TemporaryDirectory(dir=given.folder) as folder,
        serve_echo() as echo,
        serve(journal=Path(folder) / "journal.db", **_BOUNDS) as served,
    ):
        # One more comes first, for warming up.
        for k in range(given.repeats + 1):
            if k == 1:
                found = Found()
            monitor = f"{tally}-{k}"
            asyncio.run(create(served.address, monitor, _KINDS[tally]))
            messages = Numbered(traffic, monitor)
            _as_fast_as_may_be(given, messages, echo, served, Path(folder) / "limit", found)
            found.graph.append(
                traffic.images * len(traffic.frames) / seconds_of_runs(traffic.frames)
            )
            half = on_schedule(
                served.address,
                messages,
                streams=given.streams,
                seconds=given.seconds,
                rate=found.served[-1] / 2,
            )
            found.latencies_ms.append(_percentiles_ms(asyncio.run(half)))
    return _cells(found)


def _as_fast_as_may_be(
    given: argparse.Namespace,
    messages: Numbered,
    echo: str,
    served: Served,
    file: Path,
    found: Found,
) -> None:
    asked = {"streams": given.streams, "seconds": given.seconds}
    sent = asyncio.run(at_once(echo, messages, **asked))
    sent.check()
    found.echo.append(sent.images / sent.seconds)

    cpu_s, commits = served.cpu_seconds(), served.count(_COMMITS)
    sent = asyncio.run(at_once(served.address, messages, **asked))
    cpu_s, commits = served.cpu_seconds() - cpu_s, served.count(_COMMITS) - commits
    sent.check()
    found.served.append(sent.images / sent.seconds)
    found.cpu_us.append(cpu_s / sent.images * 1e6)
    found.cores.append(cpu_s / sent.seconds)
    found.in_commit.append(sent.images / commits)
    found.fsync.append(sent.images / appended(file, sent.images * IMAGE_BYTES, int(commits)))


def appended(path: Path, size: int, groups: int) -> float:
    """Return the seconds that appending so many bytes takes, synchronised so many times."""
    group = os.urandom(-(-size // groups))
    began = time.perf_counter()
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for _ in range(groups):
        os.write(file, group)
        os.fsync(file)
    os.close(file)
    seconds = time.perf_counter() - began
    path.unlink()
    return seconds


def _percentiles_ms(sent: Sent) -> tuple[float, float, float]:
    sent.check()
    p50, p99, most = np.percentile(np.array(sent.latencies_s) * 1e3, (50, 99, 100)).tolist()
    return p50, p99, most


def _cells(found: Found) -> str:
    """Return the medians as the cells of a row."""
    limits = [statistics.median(each) for each in (found.echo, found.graph, found.fsync)]
    limit, served = 1 / sum(1 / each for each in limits), statistics.median(found.served)
    p50, p99, most = np.median(np.array(found.latencies_ms), axis=0).tolist()
    return " | ".join(
        [
            *(f"{each:,.0f}" for each in (*limits, limit, served)),
            f"{served / limit:.2f}",
            f"{statistics.median(found.cpu_us):.0f}",
            f"{statistics.median(found.cores):.2f}",
            f"{statistics.median(found.in_commit):.0f}",
            f"{p50:.1f}",
            f"{p99:.1f}",
            f"{most:.0f}",
        ]
    )


if __name__ == "__main__":
    main()
