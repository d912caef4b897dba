"""The stores of a monitor: CPU and memory an image, and what a snapshot of a window costs.

    python benchmarks/stores.py

Images of the evaluator's workload, matched once, pass as one stream in batches of 64: 100
cameras, a slice each beside that of all, over some minutes. The peer of each figure is the tally
without slices and time, fed with the same batches.
"""

import argparse
import sys
import time
from typing import TypeVar

import numpy as np
from timing import machine, measure
from workload import CLASSES, make_workload

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    MatchedImages,
    ModelRepository,
    ObjectClass,
    SketchTally,
    find_graphs,
    match_images,
)
from boxgauge.engine.online.exact_store import ExactStore
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US, Ring, Window

COCO = EvaluationSettings()
CLASS_LIST = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
BATCH, CAMERAS = 64, 100
START_US = 1_700_000_000 * 1_000_000
LOSSES = ("giou_loss", "focal_loss")
HOUR = Window("1h", HOUR_US)

Store = TypeVar("Store", SketchStore, ExactStore)
Losses = tuple[str, ...]
Batch = tuple[MatchedImages, ImageFacts]


def make_stream(engine: Engine, images: int, minutes: int, seed: int) -> list[Batch]:
    """Return batches of labelled images that arrive in order, late by up to three minutes."""
    workload, draw = make_workload(images, seed=seed), np.random.default_rng(seed)
    predictions, truths = workload.predictions(), workload.ground_truths()
    matches = match_images(engine, predictions, truths, COCO)
    late = draw.integers(0, 3 * MINUTE_US, images)
    times = START_US + np.arange(images) * minutes * MINUTE_US // images - late
    batches = []
    for start in range(0, images, BATCH):
        chosen = list(range(start, min(start + BATCH, images)))
        cameras = draw.integers(0, CAMERAS, len(chosen)).tolist()
        facts = ImageFacts(
            times[chosen],
            tuple((f"camera={each}",) for each in cameras),
            tuple(f"{each}/{times[k] // HOUR_US}" for k, each in zip(chosen, cameras, strict=True)),
            ("review",) * len(chosen),
            late[chosen],
        )
        part = MatchedImages(predictions.take(chosen), truths.take(chosen), matches.select(chosen))
        batches.append((part, facts))
    return batches


def fill(kind: type[Store], engine: Engine, stream: list[Batch], losses: Losses) -> Store:
    """Return a store of the stream."""
    store = kind(engine, CLASS_LIST, COCO, Ring(), losses, 2**34)
    for images, facts in stream:
        store.advance(int(facts.times_us.max()))
        store.add(images, facts)
    return store


def fill_tally(
    kind: type[ExactTally] | type[SketchTally], stream: list[Batch]
) -> ExactTally | SketchTally:
    """Return a tally of the stream."""
    tally = kind(CLASS_LIST, COCO)
    for images, _ in stream:
        tally.add(images.matches)
    return tally


def adding(engine: Engine, stream: list[Batch], repeats: int) -> None:
    """Print the cost of adding, and of the longest of all batches."""
    images = sum(len(facts) for _, facts in stream)
    detections = sum(len(each.matches.labels) for each, _ in stream)
    _row("what", "CPU us an image", "x its tally", "bytes a detection", "longest call, CPU ms")
    _row(*["---"] * 5)
    for kind, tally in ((SketchStore, SketchTally), (ExactStore, ExactTally)):
        peer = measure(lambda tally=tally: fill_tally(tally, stream), repeats).cpu_s
        for losses in ((), LOSSES):
            cost = measure(
                lambda kind=kind, losses=losses: fill(kind, engine, stream, losses), repeats
            )
            store, calls = kind(engine, CLASS_LIST, COCO, Ring(), losses, 2**34), []
            for each in stream:
                started = time.process_time()
                store.add(*each)
                calls.append(time.process_time() - started)
            _row(
                f"{kind.__name__}, {len(losses)} losses",
                f"{cost.cpu_s / images * 1e6:.0f}",
                f"{cost.cpu_s / peer:.1f}",
                f"{cost.result.tally_bytes / detections:.0f}",
                f"{max(calls) * 1e3:.1f}",
            )


def reading(engine: Engine, stream: list[Batch], repeats: int) -> None:
    """Print the cost of looking at a window of the last hour, and of taking images away."""
    _row("what", "slice", "snapshot, CPU us", "rows, CPU ms", "rows or images")
    _row(*["---"] * 5)
    for kind in (SketchStore, ExactStore):
        store = fill(kind, engine, stream, LOSSES)
        for name in ("", "camera=7"):
            snapshot = measure(lambda store=store, name=name: store.snapshot(HOUR, name), repeats)
            now = snapshot.result
            rows = measure(lambda store=store, now=now: store.rows(now), repeats)
            _row(
                kind.__name__,
                name or "all",
                f"{snapshot.cpu_s * 1e6:.0f}",
                f"{rows.cpu_s * 1e3:.1f}",
                f"{len(rows.result.groups):,}",
            )


def storing(engine: Engine, stream: list[Batch]) -> None:
    """Print what taking away costs, and the size and cost of parts."""
    _row("what", "subtract, CPU us an image", "changed, us", "packed, ms", "parts", "bytes")
    _row(*["---"] * 6)
    for kind in (SketchStore, ExactStore):
        _stored(fill(kind, engine, stream, LOSSES), stream[:: len(stream) // 10])


def _stored(store: SketchStore | ExactStore, taken: list[Batch]) -> None:
    clock = time.process_time
    started = clock()
    for each in taken:
        store.subtract(*each)
    subtracted = clock()
    changed = store.changed()
    asked = clock()
    parts = [each for each in changed.packed().values() if each is not None]
    packed = clock()
    images = sum(len(facts) for _, facts in taken)
    _row(
        type(store).__name__,
        f"{(subtracted - started) / images * 1e6:.0f}",
        f"{(asked - subtracted) * 1e6:.0f}",
        f"{(packed - asked) * 1e3:.0f}",
        f"{len(parts):,}",
        f"{sum(map(len, parts)):,}",
    )


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000, help="100 detections each")
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    print(machine())
    stream = make_stream(engine, asked.images, asked.minutes, asked.seed)
    print(f"\n{asked.images:,} images over {asked.minutes} minutes, medians of {asked.repeats}\n")
    adding(engine, stream, asked.repeats)
    print()
    reading(engine, stream, asked.repeats)
    print()
    storing(engine, stream)


if __name__ == "__main__":
    main()
