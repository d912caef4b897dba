"""What a feed costs the loop that calls it, beside sending each frame directly.

One image has 100 detections. Four ways take turns, each with the same frames and the same
server, a process of its own:

- direct: `MonitorClient.observe` of one image, and its answer awaited, before the loop goes on;
- stream: one `MonitorClient.observe` stream of an image a message, window 8, fed by the loop;
- feed, alone: `Feed.predictions` while no server answers, which is what recording costs;
- feed, sending: `Feed.predictions` while its thread sends, the loop calling as fast as it can;
- feed, paced: the same at a camera's rate, which is how a detector calls it.

Times are those of the calling thread. ``loop`` is the wall time of one call; ``paced`` waits in
between, so that the sender has its share of the interpreter.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
from timing import machine

from boxgauge.client import Feed, FeedOptions, MonitorClient, prediction_batch

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
_CLASSES = {k: str(k) for k in range(1, 81)}
_DETECTIONS = 100
_NOBODY = "127.0.0.1:9"  # the discard port, at which nothing answers


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2000, help="in a repetition")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rate", type=float, default=200, help="of the paced way, images a second")
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(f"{_DETECTIONS} detections an image; medians of {given.repeats} times {given.images}.\n")
    frames = _Frames(given.images)
    with _server() as target:
        ways: dict[str, Callable[[], list[float]]] = {
            "direct": lambda: _direct(target, frames),
            "stream": lambda: _stream(target, frames),
            "feed, alone": lambda: _feed(_NOBODY, frames, None),
            "feed, sending": lambda: _feed(target, frames, None),
            f"feed, {given.rate:g} images/s": lambda: _feed(target, frames, given.rate),
        }
        found: dict[str, list[list[float]]] = {name: [] for name in ways}
        for k in range(given.repeats + 1):
            for name, way in ways.items():
                taken = way()
                if k:  # the first round warms up
                    found[name].append(taken)
    print("| way | median µs a call | 99% µs | mean µs | of direct |")
    print("|---|---|---|---|---|")
    direct = _median(found["direct"], 50)
    for name, rounds in found.items():
        half, most = _median(rounds, 50), _median(rounds, 99)
        mean = statistics.median(statistics.fmean(each) for each in rounds) * 1e6
        print(f"| {name} | {half:.0f} | {most:.0f} | {mean:.0f} | {half / direct:.3f} |")


class _Frames:
    """The same images each time; ids go on, so that no image comes twice."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(0)
        corner = random.random((count, _DETECTIONS, 2)) * 400
        size = 10 + random.random((count, _DETECTIONS, 2)) * 100
        self.boxes = np.concatenate([corner, size], axis=2).astype(np.float32)
        self.labels = random.integers(1, 81, (count, _DETECTIONS))
        self.scores = random.random((count, _DETECTIONS)).astype(np.float32)
        self._next = 0

    def __len__(self) -> int:
        return len(self.boxes)

    def ids(self) -> range:
        start, self._next = self._next, self._next + len(self)
        return range(start, self._next)


def _direct(target: str, frames: _Frames) -> list[float]:
    taken = []
    with MonitorClient(target) as client:
        client.create_monitor("direct", _CLASSES)
        for k, image_id in enumerate(frames.ids()):
            started = time.perf_counter()
            batch = _batch(frames, k, image_id)
            (answer,) = client.observe("direct", [batch], model="m")
            taken.append(time.perf_counter() - started)
            _check(answer.accepted, 1)
        client.reset_monitor("direct")
    return taken


def _stream(target: str, frames: _Frames) -> list[float]:
    """Return the time from one image to the next, in a loop that only sends."""
    taken: list[float] = []
    with MonitorClient(target) as client:
        client.create_monitor("stream", _CLASSES)
        batches = (_batch(frames, k, image_id) for k, image_id in enumerate(frames.ids()))
        last = time.perf_counter()
        for answer in client.observe("stream", batches, model="m"):
            _check(answer.accepted, 1)
            now = time.perf_counter()
            taken.append(now - last)
            last = now
        client.reset_monitor("stream")
    return taken


def _feed(target: str, frames: _Frames, rate: float | None) -> list[float]:
    taken = []
    is_alone = target == _NOBODY
    options = FeedOptions(close_timeout_s=0, first_retry_s=30) if is_alone else FeedOptions()
    with (
        tempfile.TemporaryDirectory() as spool,
        Feed(target, "feed", "m", spool=spool, classes=_CLASSES, options=options) as feed,
    ):
        start = time.perf_counter()
        for k, image_id in enumerate(frames.ids()):
            if rate:
                time.sleep(max(0.0, start + k / rate - time.perf_counter()))
            started = time.perf_counter()
            feed.predictions(image_id, frames.boxes[k], frames.labels[k], frames.scores[k])
            taken.append(time.perf_counter() - started)
        if not is_alone:
            feed.flush()
            _check(feed.counters.acknowledged, len(frames))
    if not is_alone:
        with MonitorClient(target) as client:
            client.reset_monitor("feed")
    return taken


def _batch(frames: _Frames, k: int, image_id: int) -> object:
    return prediction_batch(
        [image_id], [_DETECTIONS], frames.boxes[k], frames.labels[k], frames.scores[k]
    )


def _check(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"the server must take {wanted} frames: it took {found}")


def _median(rounds: list[list[float]], percentile: float) -> float:
    return statistics.median(float(np.percentile(each, percentile)) for each in rounds) * 1e6


@contextmanager
def _server() -> Iterator[str]:
    environment = {**os.environ, "BOXGAUGE_LOG_LEVEL": "warning"}
    with subprocess.Popen(_SERVE, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError("the server did not start")
            yield json.loads(line)["address"]
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
