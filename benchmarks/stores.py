"""The stores of a monitor: CPU and memory an image, and what a snapshot of a window costs.

    python benchmarks/stores.py

Images of the evaluator's workload, matched once, pass as one stream in batches of 64: 100
cameras, a slice each beside that of all, over some minutes. The peer of each figure is the tally
without slices and time, fed with the same batches.
"""

import argparse
import sys
import time
from collections.abc import Callable

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
from boxgauge.engine.online.facts import ImageFacts
from boxgauge.engine.online.sketch_store import SketchStore
from boxgauge.engine.online.windows import HOUR_US, MINUTE_US, Ring, Window

COCO = EvaluationSettings()
CLASS_LIST = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
BATCH, CAMERAS = 64, 100
START_US = 1_700_000_000 * 1_000_000
LOSSES = ("giou_loss", "focal_loss")
HOUR = Window("1h", HOUR_US)

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


def fill_sketch(engine: Engine, stream: list[Batch], losses: tuple[str, ...]) -> SketchStore:
    """Return a store of the stream."""
    store = SketchStore(engine, CLASS_LIST, COCO, Ring(), losses, 2**34)
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


def longest(run: Callable[[Batch], object], stream: list[Batch]) -> float:
    """Return the milliseconds of the longest of many calls."""
    most = 0.0
    for each in stream:
        started = time.perf_counter()
        run(each)
        most = max(most, time.perf_counter() - started)
    return most * 1e3


def adding(engine: Engine, stream: list[Batch], repeats: int) -> None:
    """Print the cost of adding."""
    images = sum(len(facts) for _, facts in stream)
    detections = sum(len(each.matches.labels) for each, _ in stream)
    _row("what", "CPU us an image", "x the tally", "bytes a detection", "longest call, ms")
    _row(*["---"] * 5)
    for name, losses in (("sketch store", ()), ("sketch store, two losses", LOSSES)):
        cost = measure(lambda losses=losses: fill_sketch(engine, stream, losses), repeats)
        peer = measure(lambda: fill_tally(SketchTally, stream), repeats)
        store = SketchStore(engine, CLASS_LIST, COCO, Ring(), losses, 2**34)
        most = longest(lambda each, store=store: store.add(*each), stream)
        _row(
            name,
            f"{cost.cpu_s / images * 1e6:.0f}",
            f"{cost.cpu_s / peer.cpu_s:.1f}",
            f"{cost.result.tally_bytes / detections:.0f}",
            f"{most:.1f}",
        )


def reading(engine: Engine, stream: list[Batch], repeats: int) -> None:
    """Print the cost of looking at a window of the last hour."""
    _row("what", "slice", "snapshot, us", "rows, ms", "rows")
    _row(*["---"] * 5)
    sketch = fill_sketch(engine, stream, LOSSES)
    for name in ("", "camera=7"):
        snapshot = measure(lambda name=name: sketch.snapshot(HOUR, name), repeats)
        rows = measure(lambda found=snapshot.result: sketch.rows(found), repeats)
        _row(
            "sketch store",
            name or "all",
            f"{snapshot.wall_s * 1e6:.0f}",
            f"{rows.wall_s * 1e3:.1f}",
            f"{len(rows.result.groups):,}",
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


if __name__ == "__main__":
    main()
