"""The exact tally: memory, cost of an image, of a merge and of a report, beside hotcoco's stream.

A report leaves the stream going. hotcoco has no such thing in one call: its stream is
merged into a new one, which is then ended. Its ``update`` matches too, so that its peer
is matching and adding together. Both get arrays; hotcoco's ground truth comes as dicts,
the only form it takes.
"""

import argparse
import contextlib
import io
import os
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from timing import Cost, machine, measure
from workload import CLASSES, Workload, make_workload

from boxgauge.engine import (
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    ModelRepository,
    ObjectClass,
    available_cores,
    find_graphs,
    match_images,
)
from boxgauge.frames import GroundTruths, Predictions

BATCHES = (1, 16, 64)
SETTINGS = EvaluationSettings()
CLASS_LIST = tuple(ObjectClass(k, str(k)) for k in range(1, CLASSES + 1))
NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")
Sides = list[tuple[Predictions, GroundTruths]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    workload = make_workload(given.images, seed=given.seed)
    detections = len(workload.labels)
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}.")
    print(f"{given.images} images, {detections} detections, seed {given.seed}; CPU seconds,")
    print(f"medians of {given.repeats}.\n")
    engine = open_engine(1)

    print("| images a batch | add, µs an image | match and add, µs | hotcoco's update, µs |")
    print("|---|---|---|---|")
    for size in BATCHES:
        sides = batches(workload, size)
        matched = [match_images(engine, *each, SETTINGS) for each in sides]
        costs = (
            measure(lambda matched=matched: tally_of(matched), given.repeats),
            measure(lambda sides=sides: matched_and_added(engine, sides), given.repeats),
            measure(updates(workload, size), given.repeats),
        )
        row = " | ".join(f"{each.cpu_s / given.images * 1e6:.1f}" for each in costs)
        print(f"| {size} | {row} |", flush=True)

    tally, stream = tally_of(matched), updates(workload, 64)()
    halves = [tally_of(matched[k::2]) for k in range(2)]
    print("\n| | BoxGauge | hotcoco | ratio |")
    print("|---|---|---|---|")
    ours = measure(lambda: statistics_of(engine, tally), given.repeats)
    theirs = measure(lambda: snapshot(stream), given.repeats)
    print(row_of("report while the stream goes on, ms", ours, theirs))
    cores = available_cores()
    spread = open_engine(cores)
    on_all = measure(lambda: statistics_of(spread, tally), given.repeats)
    print(f"| its wall time, 1 core, ms | {ours.wall_s * 1e3:.1f} | {theirs.wall_s * 1e3:.1f} | |")
    print(f"| its wall time, {cores} cores, ms | {on_all.wall_s * 1e3:.1f} | | |")
    print(f"| its memory, MiB at most | {ours.peak_mib:.0f} | {theirs.peak_mib:.0f} | |")
    merged = measure(lambda: merge(halves), given.repeats)
    print(row_of("merge of two halves, ms", merged, measure(lambda: twins(stream), given.repeats)))
    stored, state = tally.to_bytes(), stream.to_bytes()
    sizes = len(stored) / detections, len(state) / detections
    ratio = sizes[1] / sizes[0]
    print(f"| serialised, bytes a detection | {sizes[0]:.1f} | {sizes[1]:.1f} | {ratio:.1f} |")
    written = measure(tally.to_bytes, given.repeats), measure(stream.to_bytes, given.repeats)
    print(row_of("to_bytes, ms", *written))
    read = measure(lambda: ExactTally.from_bytes(stored), given.repeats)
    theirs_read = measure(lambda: type(stream).from_bytes(state), given.repeats)
    print(row_of("from_bytes, ms", read, theirs_read))
    same = "the same bits" if ours.result == theirs.result else "NOT the same"
    print(f"\nBoth give {same} in all 12 statistics.")
    print(f"In memory a detection takes {held_bytes(matched) / detections:.1f} bytes,")
    print("with its share of image ids, sums, dictionaries and room to grow.")


def open_engine(workers: int) -> Engine:
    """Return the engine over the exported graphs."""
    folder = os.environ.get("BOXGAUGE_GRAPHS")
    repository = ModelRepository.open(find_graphs(Path(folder) if folder else None))
    return Engine.open(repository, workers=workers)


def batches(workload: Workload, size: int) -> Sides:
    """Return both sides in batches of so many images."""
    sides, images = (workload.predictions(), workload.ground_truths()), len(workload.image_ids)
    parts = [list(range(k, min(k + size, images))) for k in range(0, images, size)]
    return [(sides[0].take(part), sides[1].take(part)) for part in parts]


def tally_of(matched: list[Matches]) -> ExactTally:
    """Return a tally of all batches."""
    tally = ExactTally(CLASS_LIST, SETTINGS)
    for each in matched:
        tally.add(each)
    return tally


def matched_and_added(engine: Engine, sides: Sides) -> ExactTally:
    """Return a tally of all batches, matched one after the other."""
    tally = ExactTally(CLASS_LIST, SETTINGS)
    for each in sides:
        tally.add(match_images(engine, *each, SETTINGS))
    return tally


def merge(halves: list[ExactTally]) -> ExactTally:
    """Return both halves in a new tally."""
    whole = ExactTally(CLASS_LIST, SETTINGS)
    for each in halves:
        whole.merge(each)
    return whole


def statistics_of(engine: Engine, tally: ExactTally) -> list[float]:
    """Return the 12 statistics of a full report."""
    found = tally.report(engine).statistics
    return [getattr(found, name) for name in NAMES]


def updates(workload: Workload, size: int) -> Callable[[], Any]:
    """Return what feeds hotcoco's stream in batches of so many images."""
    from hotcoco import StreamingEval

    truth, rows = workload.coco_ground_truth(), workload.coco_detections()
    ends = np.concatenate([[0], np.cumsum(workload.truth_counts)]).tolist()
    dt_ends = np.concatenate([[0], np.cumsum(workload.counts)]).tolist()
    parts = [
        (
            truth["images"][k : k + size],
            truth["annotations"][ends[k] : ends[min(k + size, len(ends) - 1)]],
            rows[dt_ends[k] : dt_ends[min(k + size, len(ends) - 1)]],
        )
        for k in range(0, len(ends) - 1, size)
    ]

    def run() -> Any:  # noqa: ANN401 (hotcoco has no types)
        stream = StreamingEval(truth["categories"], "bbox")
        for images, annotations, detections in parts:
            stream.update(images, annotations, detections)
        return stream

    return run


def snapshot(stream: Any) -> list[float]:  # noqa: ANN401 (see above)
    """Return hotcoco's statistics of now, the stream going on."""
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = type(stream).merge([stream]).finalize()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(each) for each in evaluation.stats]


def twins(stream: Any) -> Any:  # noqa: ANN401 (see above)
    """Return a new stream of all images; hotcoco takes one stream as well as two halves."""
    return type(stream).merge([stream])


def held_bytes(matched: list[Matches]) -> int:
    """Return what a tally allocates while it holds all batches, the ids' objects added."""
    tracemalloc.start()
    tally = tally_of(matched)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held + sum(sys.getsizeof(each) for each in tally.snapshot().places)


def row_of(name: str, ours: Cost[Any], theirs: Cost[Any]) -> str:
    """Return a row of two costs in milliseconds, and how many times the second is the first."""
    ratio = theirs.cpu_s / ours.cpu_s
    return f"| {name} | {ours.cpu_s * 1e3:.1f} | {theirs.cpu_s * 1e3:.1f} | {ratio:.1f} |"


if __name__ == "__main__":
    main()
