"""Run what has not been run yet, on several processes, one JSON file a run."""

import json
import multiprocessing
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from configurations import CONFIGURATIONS
from detections import Detections
from detector import Detector
from learning import Recipe, train
from lessons import Lessons
from scene import Scene
from scoring import (
    at_threshold,
    best_f1_threshold,
    class_ap,
    detect_all,
    precision_curve,
    ranking,
    recall_threshold,
    statistics,
)
from splits import Splits, digit_splits, photograph_splits

RECALL = 0.8  # at which precision is compared too
_KEPT = ("AP", "AP50", "AP75", "AR100")

Record = dict[str, Any]


class RecipeError(ValueError):
    """A run on disk was made with another recipe than the one asked for."""


@dataclass(frozen=True)
class Run:
    """One detector to train.

    Attributes:
        source: The folder of photographs; None for digit scenes.
        key: Of its configuration.
        recipe: How to train it.
        seed: Of everything random.
        tested: Measure it on the test split too; runs that a choice is made by are not.
        path: Where its record goes.
    """

    source: Path | None
    key: str
    recipe: Recipe
    seed: int
    tested: bool
    path: Path

    def made(self) -> Record | None:
        """Return the record on disk, if there is one.

        Raises:
            RecipeError: It was made with another recipe.
        """
        if not self.path.exists():
            return None
        record: Record = json.loads(self.path.read_text())
        if record["recipe"] != asdict(self.recipe):
            raise RecipeError(
                f"{self.path}: was made with {record['recipe']}, wanted {asdict(self.recipe)};"
                " use another --out"
            )
        return record


def complete(runs: Sequence[Run], *, workers: int) -> list[Record]:
    """Return the records of all runs, in their order; only those not on disk are run.

    Args:
        runs: What is wanted.
        workers: Processes; each trains one detector at a time on one thread.
    """
    missing = [run for run in runs if run.made() is None]
    print(f"{len(runs)} runs, of which {len(runs) - len(missing)} are made already", flush=True)
    started = time.perf_counter()
    for number, record in enumerate(_carried_out(missing, workers), 1):
        print(
            f"{number:3d}/{len(missing)}  {time.perf_counter() - started:6.0f} s"
            f"  {record['configuration']:14s} seed {record['seed']}"
            f"  box weight {record['recipe']['box_weight'] or 'balanced'}"
            f"  val AP {record['val']['AP']:.4f}  {record['cpu_s']:.0f} CPU s",
            flush=True,
        )
    return [record for record in (run.made() for run in runs) if record is not None]


def _carried_out(runs: Sequence[Run], workers: int) -> Iterable[Record]:
    if workers == 1:
        yield from map(carry_out, runs)
        return
    # Spawned, not forked: torch has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for future in as_completed([pool.submit(carry_out, run) for run in runs]):
            yield future.result()


def carry_out(run: Run) -> Record:
    """Train and measure one detector on one thread, write its record and return it."""
    torch.set_num_threads(1)  # the order of sums, and so the result, depends on it
    torch.use_deterministic_algorithms(True)
    splits, lessons = _bench(run.source)
    wall, cpu = time.perf_counter(), time.process_time()
    model = train(splits, lessons, CONFIGURATIONS[run.key], run.recipe, seed=run.seed)
    record: Record = {
        "configuration": run.key,
        "seed": run.seed,
        "recipe": asdict(run.recipe),
        **measured(model, splits, tested=run.tested),
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }
    run.path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = run.path.with_suffix(".part")  # a cut-off run leaves no half record
    unfinished.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
    unfinished.replace(run.path)
    return record


def measured(model: Detector, splits: Splits, *, tested: bool) -> Record:
    """Return what validation says, and test at the thresholds that validation chose."""
    found = detect_all(model, splits.val)
    ranked = ranking(found, splits.val)
    thresholds = {
        "best_f1": best_f1_threshold(ranked),
        "recall": recall_threshold(ranked, RECALL),
    }
    record = {"val": _at(found, splits.val, splits.classes, thresholds), "thresholds": thresholds}
    if tested:
        found = detect_all(model, splits.test)
        record["test"] = _at(found, splits.test, splits.classes, thresholds)
    return record


def _at(
    found: Sequence[Detections],
    scenes: Sequence[Scene],
    classes: Sequence[str],
    thresholds: dict[str, float | None],
) -> Record:
    ranked = ranking(found, scenes)
    found_there = statistics(found, scenes)
    return {
        **{name: found_there[name] for name in _KEPT},
        "AP_by_class": {name: class_ap(found, scenes, label) for label, name in enumerate(classes)},
        "curve": precision_curve(ranked),
        **{
            name: None if threshold is None else at_threshold(ranked, threshold)
            for name, threshold in thresholds.items()
        },
    }


@lru_cache(maxsize=1)
def _bench(source: Path | None) -> tuple[Splits, Lessons]:
    """Return the pictures, read once a process."""
    splits = digit_splits() if source is None else photograph_splits(source)
    return splits, Lessons(splits)
