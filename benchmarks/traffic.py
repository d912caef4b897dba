"""An hour of traffic, event time accelerated: memory, scrapes and reports while frames come in.

Ten sketch monitors of 80 classes and 100 cameras each see one image a camera and interval; half
of the images are labelled, some minutes later. The server is a process of its own; so are the
senders, the one that scrapes the metrics once a second, and the one that asks for reports; this
one reads the server's resident memory. The ring has 15 minutes and one hour, which the warm-up
fills and rolls: in the hour that is measured each minute that comes pushes another one out.
"""

import argparse
import asyncio
import multiprocessing
import random
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

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
from boxgauge.frames import NotFoundError

CLASSES = {k: f"class {k}" for k in range(1, 81)}
MONITORS, CAMERAS, MINUTES = 10, 100, 60
DETECTIONS, TRUTHS = 20, 6
IN_MESSAGE = 50
LABELLED, DELAY_MIN = 0.5, (1, 8)
WINDOWS = ("15m", "1h")
_SPAWN = multiprocessing.get_context("spawn")
_END = ""


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES, help="of event time, measured")
    parser.add_argument("--warm-up", type=int, default=120, help="minutes of event time before")
    parser.add_argument("--monitors", type=int, default=MONITORS)
    parser.add_argument("--per-minute", type=int, default=2, help="images a camera and minute")
    parser.add_argument(
        "--speed",
        type=float,
        default=10,
        help="minutes of event time a minute; 0: as fast as the service takes it",
    )
    parser.add_argument("--series", type=int, default=10_000, help="exported at most")
    parser.add_argument(
        "--journal", type=Path, help="file of the journal; default: a temporary one"
    )
    given = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.", flush=True)
    minutes = given.warm_up + given.minutes
    begin = (time.time() // 60 - minutes - 60) * 60
    settings = {"report_interval_s": 10, "max_series": given.series, "journal": given.journal}
    with serve(**settings) as served:
        _create(served, given.monitors)
        stop = _SPAWN.Event()
        found = _SPAWN.Queue()
        watchers = [
            _SPAWN.Process(target=scrape, args=(served.metrics_url, stop, found)),
            _SPAWN.Process(target=ask, args=(served.address, given.monitors, stop, found)),
        ]
        traffic = (given.monitors, begin, minutes, given.per_minute, given.speed)
        sender = _SPAWN.Process(target=send, args=(served.address, *traffic))
        for each in (sender, *watchers):
            each.start()
        started = time.monotonic()
        memory = _weigh(served, sender)
        seconds = time.monotonic() - started
        stop.set()
        seen = Seen.collect(found, len(watchers))
        for each in (sender, *watchers):
            each.join()
            if each.exitcode:
                raise SystemExit(f"{each.name} ended with status {each.exitcode}")
        images = given.monitors * CAMERAS * minutes * given.per_minute
        print(
            f"{images:,} images of {DETECTIONS} detections, {LABELLED:.0%} of them labelled,"
            f" {given.monitors} monitors x {CAMERAS} cameras x {minutes} min"
            f" of event time ({given.warm_up} to warm up) in {seconds:.0f} s:"
            f" {images / seconds:,.0f} images/s.\n"
        )
        _print_memory(memory, minutes)
        measured_from = started + seconds * given.warm_up / minutes
        seen.since(measured_from).print()


def _create(served: Served, monitors: int) -> None:
    settings = MonitorSettings(
        tally="sketch",
        slices={"camera": CAMERAS},
        windows=WINDOWS,
        ring=RingSettings(minutes=15, hours=1, days=1),
        retention="1h",
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


def _weigh(served: Served, sender: SpawnProcess) -> list[tuple[float, float]]:
    """Return resident and accounted memory in MiB, every two seconds until all is sent."""
    memory = []
    while sender.exitcode is None:
        sender.join(2)
        memory.append((served.resident_mib(), _tallies_mib(served.metrics_url)))
    return memory


def _tallies_mib(metrics_url: str) -> float:
    lines = _get(metrics_url).decode().splitlines()
    sizes = [line.rsplit(" ", 1)[1] for line in lines if line.startswith("boxgauge_tally_bytes{")]
    return sum(map(float, sizes)) / 2**20


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 (our own address)
        text: bytes = answer.read()
    return text


def scrape(url: str, stop: Event, found: "Queue[tuple[str, list[Sample]]]") -> None:
    """Scrape once a second."""
    scrapes: list[Sample] = []
    while not stop.wait(1):
        at = time.monotonic()
        text = _get(url)
        seconds = time.monotonic() - at
        scrapes.append(Sample(at, seconds))
        series = sum(not line.startswith(b"#") for line in text.splitlines())
    found.put((f"scrape, {series:,} series at the end", scrapes))
    found.put((_END, []))


def ask(address: str, monitors: int, stop: Event, found: "Queue[tuple[str, list[Sample]]]") -> None:
    """Ask for reports, fresh ones and ones that may be some seconds old."""
    chosen = random.Random(0)
    kinds = {
        "report of all images, fresh": 0.0,
        "report of all images, may be 30 s old": 30.0,
        "report of a camera, may be 30 s old": 30.0,
    }
    samples: dict[str, list[Sample]] = {kind: [] for kind in kinds}
    with MonitorClient(address) as client:
        while not stop.wait(0.2):
            kind = chosen.choice(list(kinds))
            camera = f"camera={chosen.randrange(CAMERAS):03d}" if "camera" in kind else ""
            at = time.monotonic()
            try:
                client.get_report(
                    f"monitor-{chosen.randrange(monitors)}",
                    model="m",
                    window=chosen.choice(WINDOWS),
                    slice=camera,
                    max_age_s=kinds[kind],
                )
            except NotFoundError:
                continue  # the camera, or the model at all, was not seen yet
            samples[kind].append(Sample(at, time.monotonic() - at))
    for each in samples.items():
        found.put(each)
    found.put((_END, []))


class Sample(NamedTuple):
    """When something was asked for, and how long it took."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """How long scrapes and reports took while frames came in."""

    samples: dict[str, list[Sample]]

    @classmethod
    def collect(cls, found: "Queue[tuple[str, list[Sample]]]", watchers: int) -> "Seen":
        """Return what all watchers put, which end with a mark."""
        samples: dict[str, list[Sample]] = {}
        while watchers:
            kind, some = found.get(timeout=60)
            if kind == _END:
                watchers -= 1
            else:
                samples[kind] = some
        return cls(samples)

    def since(self, begin: float) -> "Seen":
        """Return those that were asked for from a moment on."""
        return Seen({k: [each for each in v if each.at >= begin] for k, v in self.samples.items()})

    def print(self) -> None:
        """Print the table."""
        print("\n| what | number | median ms | p99 ms | most ms |\n|---|---|---|---|---|")
        for kind, some in self.samples.items():
            _row(kind, [each.seconds for each in some])


def _print_memory(memory: list[tuple[float, float]], minutes: int) -> None:
    print("| minute of event time | resident MiB | of it tallies MiB |\n|---|---|---|")
    for minute in range(15, minutes + 1, 15):
        resident, tallies = memory[len(memory) * minute // minutes - 1]
        print(f"| {minute} | {resident:,.0f} | {tallies:,.0f} |")


def _row(what: str, seconds: list[float]) -> None:
    found = np.array(seconds) * 1e3
    p99 = np.quantile(found, 0.99)
    print(f"| {what} | {len(found)} | {np.median(found):.1f} | {p99:.1f} | {found.max():.1f} |")


if __name__ == "__main__":
    main()
