"""What a sketch store takes after some hours, with old buckets packed and without.

Traffic as `stores` has it, but of 50 detections an image and for hours of event time. One store
packs what is old once a minute, as a server does once a checkpoint; its peer never does.
"""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import TypeVar

import numpy as np
from timing import measure
from workload import make_workload

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    MatchedImages,
    ObjectClass,
    match_images,
)
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import DAY_US, HOUR_US, MINUTE_US, Ring, Window
from boxgauge.frames import Predictions

T = TypeVar("T")
Batch = tuple[MatchedImages, ImageFacts]

COCO = EvaluationSettings()
CAMERAS, DETECTIONS, BATCH = 100, 50, 64
START_US = 1_700_000_000 * 1_000_000
DAY = Window("24h", DAY_US)


@dataclass(slots=True)
class Calls:
    """CPU milliseconds of each call, by its name."""

    ms: dict[str, list[float]] = field(default_factory=dict)

    def timed(self, name: str, call: Callable[[], T]) -> T:
        """Return what a call returns."""
        started = time.process_time()
        found = call()
        self.ms.setdefault(name, []).append((time.process_time() - started) * 1e3)
        return found


def aging_stream(engine: Engine, images: int, per_s: float, seed: int) -> Iterator[Batch]:
    """Yield batches of labelled images of 50 detections, late by up to three minutes."""
    draw = np.random.default_rng(seed)
    done = 0
    while done < images:
        count = min(40 * BATCH, images - done)
        workload = make_workload(count, seed=seed + done)
        found = workload.predictions()
        half = slice(None, None, 2)
        predictions = Predictions.from_arrays(
            list(found.image_ids),
            np.full(count, DETECTIONS),
            workload.boxes[half],
            workload.labels[half],
            workload.scores[half],
        )
        truths = workload.ground_truths()
        matched = MatchedImages(
            predictions, truths, match_images(engine, predictions, truths, COCO)
        )
        late = draw.integers(0, 3 * MINUTE_US, count)
        times = START_US + ((done + np.arange(count)) / per_s * 1e6).astype(np.int64) - late
        cameras = draw.integers(0, CAMERAS, count).tolist()
        for start in range(0, count, BATCH):
            chosen = list(range(start, min(start + BATCH, count)))
            facts = ImageFacts(
                times[chosen],
                tuple((f"camera={cameras[k]}",) for k in chosen),
                tuple(f"{cameras[k]}/{times[k] // HOUR_US}" for k in chosen),
                ("review",) * len(chosen),
                late[chosen],
            )
            yield matched.select(chosen), facts
        done += count


def aging(
    engine: Engine,
    classes: tuple[ObjectClass, ...],
    losses: tuple[str, ...],
    hours: float,
    per_s: float,
    repeats: int,
    seed: int,
    row: Callable[..., None],
) -> None:
    """Print what stores of the same traffic take, and how long calls and windows take.

    The times of calls are this process's CPU time, without the garbage collector.
    """
    images = int(hours * 3600 * per_s)
    stores = {
        name: SketchStore(engine, classes, COCO, Ring(), losses, 2**34)
        for name in ("never packed", "packed")
    }
    calls = {name: Calls() for name in stores}
    early, minute = list[Batch](), START_US // MINUTE_US
    # Its pauses are those of all that a process holds: here, of the traffic to come.
    gc.disable()
    for batch, facts in aging_stream(engine, images, per_s, seed):
        now = int(facts.times_us.max())
        early += [(batch, facts)] * (len(early) < 2)
        for name, store in stores.items():
            timed = calls[name].timed
            timed("advance", lambda store=store, now=now: store.advance(now))
            timed("add", lambda store=store, batch=batch, facts=facts: store.add(batch, facts))
            if name == "packed" and now // MINUTE_US > minute:
                _pack(store, calls[name])
        minute = max(minute, now // MINUTE_US)
    detections = images * DETECTIONS
    row("store", "bytes a detection", "of hours alone", "rows of a slice, CPU ms", "of all slices")
    row(*["---"] * 5)
    for name, store in stores.items():
        held = store.tally_bytes
        store.advance(START_US + int((hours + 1.1) * HOUR_US))
        if name == "packed":
            _pack(store, Calls())
        reads = []
        for part in ("camera=7", ""):
            now = store.snapshot(DAY, part)
            reads.append(measure(lambda store=store, now=now: store.rows(now), repeats).cpu_s)
        row(
            name,
            f"{held / detections:.1f}",
            f"{store.tally_bytes / detections:.1f}",
            *(f"{each * 1e3:.1f}" for each in reads),
        )
        for what, corrected in zip(("first", "next"), early, strict=True):
            subtract = partial(store.subtract, *corrected)
            calls[name].timed(f"subtract of old images, {what} batch", subtract)
    gc.enable()
    print()
    row("store", "call", "calls", "median, CPU ms", "longest")
    row(*["---"] * 5)
    for name, each in calls.items():
        for call, ms in each.ms.items():
            row(name, call, str(len(ms)), f"{median(ms):.2f}", f"{max(ms):.1f}")


def _pack(store: SketchStore, calls: Calls) -> None:
    job = calls.timed("aging", store.aging)
    repacked = calls.timed("packed, in a thread", job.packed)
    calls.timed("adopt", lambda: store.adopt(repacked))
