"""Matching in a thread or in a spawned process: what the serving process pays for either.

A thread shares the interpreter's lock with all that the service does, but for ONNX Runtime's own
time. A process has a lock of its own, and is paid for by sending the boxes and reading back the
matches. Groups of images as `Matcher` runs them; CPU time, so that what else runs on the machine
matters little.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any

from matching_alone import open_engine
from messages import make_traffic
from numpy.typing import NDArray
from timing import machine

from boxgauge.engine import Engine, EvaluationSettings, match_images
from boxgauge.engine.matches import Matches
from boxgauge.frames import ImageId
from boxgauge.server.monitor.rows import pack, unpack_ground_truths, unpack_predictions

SETTINGS = EvaluationSettings()
Group = tuple[tuple[ImageId, ...], list[bytes], list[bytes]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 64, 128])
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(f"100 detections and 10 true objects an image; medians of {given.repeats}.\n")
    print(
        "| images a run | thread: CPU µs an image | of it with the lock | process: CPU µs an image"
        " | of it in the serving process |"
    )
    print("|---" * 5 + "|")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        for size in given.sizes:
            traffic = make_traffic(given.images, in_message=size, seed=0)
            groups = [(dt.image_ids, pack(dt), pack(gt)) for dt, gt in traffic.frames]
            runs = [_run(groups, pool) for _ in range(given.repeats + 1)][1:]
            images = size * len(groups)
            cells = [
                f"{statistics.median(each) / images * 1e6:.0f}" for each in zip(*runs, strict=True)
            ]
            print(f"| {size} | {' | '.join(cells)} |", flush=True)


class _Timed:
    """Stands in for the engine and adds up the CPU time of its runs, which need no lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seconds = 0.0

    def run(self, name: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Run a graph."""
        began = time.thread_time()
        found = self._engine.run(name, inputs)
        self.seconds += time.thread_time() - began
        return found


def matched(group: Group) -> tuple[Matches, float]:
    """Match a group and return the CPU seconds that this took besides."""
    began = time.process_time()
    matches = _match(open_engine(), group)
    return matches, time.process_time() - began


def _match(engine: Engine, group: Group) -> Matches:
    ids, predictions, truths = group
    return match_images(
        engine,
        unpack_predictions(ids, predictions),
        unpack_ground_truths(ids, truths),
        SETTINGS,
    )


def _run(groups: list[Group], pool: ProcessPoolExecutor) -> tuple[float, float, float, float]:
    """Return the columns of the table, in seconds."""
    engine: Any = _Timed(open_engine())
    began = time.process_time()
    for group in groups:
        _match(engine, group)
    thread = time.process_time() - began

    began = time.process_time()
    theirs = sum(seconds for _, seconds in pool.map(matched, groups))
    ours = time.process_time() - began
    return thread, thread - engine.seconds, ours + theirs, ours


if __name__ == "__main__":
    main()
