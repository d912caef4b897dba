"""An hour of traffic, event time accelerated: memory, scrapes and reports while frames come in.

Ten sketch monitors of 80 classes and 100 cameras each see one image a camera and interval; half
of the images are labelled, some minutes later. The server is a process of its own; so are the
senders. While they send, this process scrapes the metrics once a second and asks for reports,
and reads the server's resident memory. The ring has 15 minutes and 4 hours, so that an hour of
traffic fills and rolls it: memory that did not level off would show.
"""

import argparse
import asyncio
import multiprocessing
import random
import statistics
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from served import Served, serve
from timing import machine

from boxgauge.client import (
    AsyncMonitorClient,
    Batch,
    MonitorClient,
    MonitorSettings,
    RingSettings,
    ground_truth_batch,
    prediction_batch,
)
from boxgauge.frames import BoxGaugeError, NotFoundError

CLASSES = {k: f"class {k}" for k in range(1, 81)}
MONITORS, CAMERAS, MINUTES = 10, 100, 60
DETECTIONS, TRUTHS = 20, 6
IN_MESSAGE = 50
LABELLED, DELAY_MIN = 0.5, (1, 8)
WINDOWS = ("15m", "1h")


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES, help="of event time")
    parser.add_argument("--monitors", type=int, default=MONITORS)
    parser.add_argument("--per-minute", type=int, default=2, help="images a camera and minute")
    parser.add_argument(
        "--speed",
        type=float,
        default=10,
        help="minutes of event time a minute; 0: as fast as the service takes it",
    )
    parser.add_argument(
        "--journal", type=Path, help="file of the journal; default: a temporary one"
    )
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.", flush=True)
    begin = (time.time() // 60 - given.minutes - 60) * 60
    with serve(report_interval_s=10, journal=given.journal) as served:
        _create(served, given.monitors)
        stop = threading.Event()
        watching = Watching(served, given.monitors)
        watchers = [
            threading.Thread(target=each, args=(stop,))
            for each in (watching.scrape, watching.ask, watching.weigh)
        ]
        started = time.perf_counter()
        context = multiprocessing.get_context("spawn")
        sender = context.Process(
            target=send,
            args=(
                served.address,
                given.monitors,
                begin,
                given.minutes,
                given.per_minute,
                given.speed,
            ),
        )
        sender.start()
        for each in watchers:
            each.start()
        sender.join()
        seconds = time.perf_counter() - started
        stop.set()
        for each in watchers:
            each.join()
        if sender.exitcode:
            raise SystemExit(f"the sender ended with status {sender.exitcode}")
        images = given.monitors * CAMERAS * given.minutes * given.per_minute
        print(
            f"{images:,} images of {DETECTIONS} detections, {LABELLED:.0%} of them labelled,"
            f" {given.monitors} monitors x {CAMERAS} cameras x {given.minutes} min of event time,"
            f" in {seconds:.0f} s: {images / seconds:,.0f} images/s.\n"
        )
        watching.print()


def _create(served: Served, monitors: int) -> None:
    settings = MonitorSettings(
        tally="sketch",
        slices={"camera": CAMERAS},
        windows=WINDOWS,
        ring=RingSettings(minutes=15, hours=4, days=2),
        retention="1d",
        losses=("giou_loss",),
    )
    with MonitorClient(served.address) as client:
        for k in range(monitors):
            client.create_monitor(f"monitor-{k}", CLASSES, settings)


def send(
    address: str, monitors: int, begin: float, minutes: int, per_minute: int, speed: float
) -> None:
    """Send all of it at this speed."""
    asyncio.run(_send(address, monitors, begin, minutes, per_minute, speed))


async def _send(
    address: str, monitors: int, begin: float, minutes: int, per_minute: int, speed: float
) -> None:
    started = time.perf_counter()
    async with AsyncMonitorClient(address) as client:
        await asyncio.gather(
            *(
                _of_monitor(client, k, begin, minutes, per_minute, started, speed)
                for k in range(monitors)
            )
        )


async def _of_monitor(
    client: AsyncMonitorClient,
    k: int,
    begin: float,
    minutes: int,
    per_minute: int,
    started: float,
    speed: float,
) -> None:
    """Send what one monitor sees, evenly over time and not at the moments of the others."""
    parts = CAMERAS * per_minute // IN_MESSAGE

    async def batches() -> AsyncIterator[Batch]:
        for minute in range(minutes):
            labels = _labels(k, minute, per_minute)
            for part in range(parts):
                if speed:
                    due = started + (minute + (part + k / MONITORS) / parts) * 60 / speed
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                yield _predictions(k, begin, minute, part, per_minute)
                for each in labels[part::parts]:
                    yield each

    async for answer in client.observe(f"monitor-{k}", batches(), model="m"):
        if answer.refused:
            raise SystemExit(f"refused: {answer.refused[0]}")


def _predictions(k: int, begin: float, minute: int, part: int, per_minute: int) -> Batch:
    random_ = np.random.default_rng((k, minute, part))
    numbers = np.arange(part * IN_MESSAGE, (part + 1) * IN_MESSAGE)
    n = IN_MESSAGE * DETECTIONS
    truths = [_truth(k, minute, number) for number in numbers.tolist()]
    labels, boxes = (np.concatenate([each[c] for each in truths]) for c in (0, 1))
    found = random_.integers(0, len(labels), n).reshape(IN_MESSAGE, DETECTIONS)
    # Rows of the own image: a detection is a jittered truth of it.
    found = found % TRUTHS + np.arange(IN_MESSAGE)[:, None] * TRUTHS
    rows = found.reshape(-1)
    scores = 1 / (1 + np.exp(-random_.normal(-1, 2, n)))
    jitter = random_.normal(0, 1, (n, 4)) * (12 * (1 - scores))[:, None]
    moved = np.abs(boxes[rows] + jitter)
    times = (
        begin + 60 * minute + numbers % per_minute * (60 / per_minute) + random_.random(IN_MESSAGE)
    )
    return prediction_batch(
        [f"{minute}-{number}" for number in numbers.tolist()],
        np.full(IN_MESSAGE, DETECTIONS),
        moved,
        labels[rows],
        scores,
        event_times=times.tolist(),
        tags={"camera": [f"{number // per_minute:03d}" for number in numbers.tolist()]},
        clusters=[f"{number // per_minute:03d}-{minute // 10}" for number in numbers.tolist()],
    )


def _truth(k: int, minute: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    random_ = np.random.default_rng((k, minute, number, 1))
    labels = (80 * random_.random(TRUTHS) ** 2).astype(np.int64) + 1
    sizes = np.exp(random_.normal(4, 0.8, (TRUTHS, 2)))
    return labels, np.concatenate([random_.uniform(0, 500, (TRUTHS, 2)), sizes], axis=1)


def _labels(k: int, minute: int, per_minute: int) -> list[Batch]:
    """Return the labels that come now, of images some minutes back."""
    due: list[tuple[str, tuple[np.ndarray, np.ndarray]]] = []
    for back in range(*DELAY_MIN):
        if minute >= back:
            chosen = random.Random(f"{k} {minute - back}")
            for number in range(CAMERAS * per_minute):
                is_labelled = chosen.random() < LABELLED
                if chosen.randrange(*DELAY_MIN) == back and is_labelled:
                    due.append((f"{minute - back}-{number}", _truth(k, minute - back, number)))
    return [
        ground_truth_batch(
            [image_id for image_id, _ in part],
            np.full(len(part), TRUTHS),
            np.concatenate([boxes for _, (_, boxes) in part]),
            np.concatenate([labels for _, (labels, _) in part]),
            sources=["random"] * len(part),
        )
        for part in (due[at : at + IN_MESSAGE] for at in range(0, len(due), IN_MESSAGE))
    ]


class Watching:
    """Scrapes, reports and memory, as they were while frames came in."""

    def __init__(self, served: Served, monitors: int) -> None:
        self._served = served
        self._monitors = monitors
        self._started = time.perf_counter()
        self.scrapes: list[tuple[float, int]] = []
        self.reports: dict[tuple[str, float], list[float]] = {}
        self.memory: list[tuple[float, float]] = []
        self.failed: list[str] = []

    def scrape(self, stop: threading.Event) -> None:
        """Scrape once a second."""
        while not stop.wait(1):
            started = time.perf_counter()
            with urllib.request.urlopen(self._served.metrics_url, timeout=30) as answer:  # noqa: S310 (our own address)
                text = answer.read()
            seconds = time.perf_counter() - started
            series = sum(not line.startswith(b"#") for line in text.splitlines())
            self.scrapes.append((seconds, series))

    def ask(self, stop: threading.Event) -> None:
        """Ask for reports, fresh ones and ones that may be some seconds old."""
        chosen = random.Random(0)
        with MonitorClient(self._served.address) as client:
            while not stop.wait(0.2):
                kind, age = chosen.choice([("all", 0.0), ("all", 30.0), ("camera", 30.0)])
                slice_ = "" if kind == "all" else f"camera={chosen.randrange(CAMERAS):03d}"
                started = time.perf_counter()
                try:
                    client.get_report(
                        f"monitor-{chosen.randrange(self._monitors)}",
                        model="m",
                        window=chosen.choice(WINDOWS),
                        slice=slice_,
                        max_age_s=age,
                    )
                except NotFoundError:
                    continue  # the camera, or the model at all, was not seen yet
                except BoxGaugeError as error:
                    self.failed.append(str(error))
                    continue
                self.reports.setdefault((kind, age), []).append(time.perf_counter() - started)

    def weigh(self, stop: threading.Event) -> None:
        """Read the resident memory every two seconds."""
        while not stop.wait(2):
            self.memory.append((time.perf_counter() - self._started, self._served.resident_mib()))

    def print(self) -> None:
        """Print the tables; a report that failed is one too many."""
        if self.failed:
            raise SystemExit(f"{len(self.failed)} reports failed: {self.failed[0]}")
        settled = self.scrapes[len(self.scrapes) // 2 :]
        print("| what | number | median ms | p99 ms | most ms |\n|---|---|---|---|---|")
        series = statistics.median(count for _, count in settled)
        _row(f"scrape of {series:,.0f} series", [seconds for seconds, _ in settled])
        for (kind, age), seconds in sorted(self.reports.items()):
            may = f"may be {age:g} s old" if age else "fresh"
            _row(f"report of {'a camera' if kind == 'camera' else 'all images'}, {may}", seconds)
        print("\n| share of the run | resident MiB |\n|---|---|")
        for k in range(1, 9):
            at = len(self.memory) * k // 8 - 1
            print(f"| {k / 8:.0%} | {self.memory[at][1]:,.0f} |")


def _row(what: str, seconds: list[float]) -> None:
    found = np.array(seconds) * 1e3
    p99 = np.quantile(found, 0.99)
    print(f"| {what} | {len(found)} | {np.median(found):.1f} | {p99:.1f} | {found.max():.1f} |")


if __name__ == "__main__":
    main()
