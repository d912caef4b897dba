"""Whether the intervals of windows hold, how sure comparisons are, how soon a drop is noticed.

    python benchmarks/coverage.py

Streams are drawn as matching leaves them (`outcome_streams`): three classes, three objects an
image, images or sequences of 20 of them easy or hard. The true values are those of 400,000 other
images of the same process. Everything is computed by what monitors run, on exact columns.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from outcome_streams import (
    CLASSES,
    CLUSTER,
    SETTINGS,
    Detector,
    Process,
    cut,
    draw_groups,
    draw_scene,
    seen_by,
)
from timing import machine

from boxgauge.engine import Engine, ModelRepository, find_graphs
from boxgauge.engine.analysis.intervals import Interval
from boxgauge.engine.online.comparing import paired
from boxgauge.engine.online.confidence import intervals
from boxgauge.engine.online.measured import measured
from boxgauge.engine.online.window_rows import WindowColumns

GRAPHS = ("certified_report", "left_out_report", "precision_recall")
SINGLE, CLUSTERED = Process(), Process(cluster=CLUSTER)
POPULATION = 400_000
DROP = 0.03
SHOWN = ("AP", "AP50", *(f"AP of {each.name}" for each in CLASSES))

Float64 = NDArray[np.float64]
T = TypeVar("T")


def shown_intervals(engine: Engine, window: WindowColumns) -> list[Interval]:
    """Return the intervals of what is shown; an undefined class has none."""
    found = _known(intervals(measured(engine, CLASSES, SETTINGS, window)))
    named = (found.statistics["AP"], found.statistics["AP50"])
    return [*named, *(interval for _, interval in found.class_ap)]


def truth(engine: Engine, process: Process, detector: Detector, seed: int) -> Float64:
    """Return the values of the population."""
    random = np.random.default_rng([seed, 1])
    scene = draw_scene(process, POPULATION, random)
    window = seen_by(detector, scene, draw_groups(process, POPULATION, random), random)
    found = measured(engine, CLASSES, SETTINGS, window).report
    values = (found.statistics.AP, found.statistics.AP50, *(each.ap for each in found.classes))
    return np.array(values, dtype=np.float64)


def dropped(engine: Engine, seed: int) -> Detector:
    """Return a detector that is worse than the usual one by the drop in AP."""
    wanted = truth(engine, SINGLE, Detector(), seed)[0] - DROP
    low, high = -1.0, 0.0
    for _ in range(9):
        middle = (low + high) / 2
        is_enough = truth(engine, SINGLE, Detector(middle), seed)[0] > wanted
        low, high = (low, middle) if is_enough else (middle, high)
    return Detector((low + high) / 2)


def coverage(engine: Engine, sizes: list[int], streams: int, seed: int) -> None:
    """Print how often intervals hold the true value, and how wide they are."""
    values = {process: truth(engine, process, Detector(), seed) for process in (SINGLE, CLUSTERED)}
    _row("images", "stream", *SHOWN, "replicates")
    _row(*["---"] * (3 + len(SHOWN)))
    for images in sizes:
        for name, process, known in (
            ("independent", SINGLE, True),
            ("sequences, given", CLUSTERED, True),
            ("sequences, not given", CLUSTERED, False),
        ):
            random = np.random.default_rng([seed, images])
            found = [
                shown_intervals(engine, _stream(process, images, random, known=known))
                for _ in range(streams)
            ]
            cells = [
                _coverage([each[k] for each in found], values[process][k])
                for k in range(len(SHOWN))
            ]
            mean = np.mean([each[0].replicates for each in found])
            _row(f"{images:,}", name, *cells, f"{mean:.1f}")


def _stream(
    process: Process, images: int, random: np.random.Generator, *, known: bool
) -> WindowColumns:
    scene = draw_scene(process, images, random)
    groups = draw_groups(process, images, random, known=known)
    return seen_by(Detector(), scene, groups, random)


def _coverage(found: list[Interval], value: float) -> str:
    ends = [(each.low, each.high) for each in found if each.low is not None]
    low, high = np.array(ends, dtype=np.float64).T
    held = ((low <= value) & (value <= high)).mean()
    error = np.sqrt(held * (1 - held) / len(low))
    return f"{held:.1%} ± {error:.1%}, {np.mean(high - low):.3f}"


def comparisons(engine: Engine, worse: Detector, sizes: list[int], streams: int, seed: int) -> None:
    """Print how often two models are told apart, equal ones and others."""
    _row("images", "stream", "equal: p ≤ 0.05", "equal: 0 outside", "3 points: p ≤ 0.05", "width")
    _row(*["---"] * 6)
    for images in sizes:
        for name, process in (("independent", SINGLE), ("sequences, given", CLUSTERED)):
            random = np.random.default_rng([seed, images])
            cells: list[str] = []
            width = 0.0
            for other in (Detector(), worse):
                found = []
                for _ in range(streams):
                    scene = draw_scene(process, images, random)
                    groups = draw_groups(process, images, random)
                    sides = (seen_by(each, scene, groups, random) for each in (Detector(), other))
                    found.append(paired(engine, CLASSES, SETTINGS, *sides).statistics["AP"])
                p_values = np.array([each.p_value for each in found], dtype=np.float64)
                ends = np.array([(each.low, each.high) for each in found], dtype=np.float64)
                cells.append(_share(p_values <= 0.05))
                if other == Detector():
                    cells.append(_share((ends[:, 0] > 0) | (ends[:, 1] < 0)))
                width = float(np.nanmean(ends[:, 1] - ends[:, 0]))
            _row(f"{images:,}", name, *cells, f"{width:.3f}")


def delays(engine: Engine, worse: Detector, streams: int, seed: int) -> None:
    """Print after how many labelled images a drop is noticed, and how often without one."""
    before, after, step = 2000, 3000, 100
    _row("window", "stream", "rule", "false alarms", "noticed", "median images", "90%")
    _row(*["---"] * 7)
    for size, name, process in (
        (300, "independent", SINGLE),
        (1000, "independent", SINGLE),
        (1000, "sequences, given", CLUSTERED),
    ):
        random = np.random.default_rng([seed, size])
        alarms: dict[str, list[list[float]]] = {"below the value": [], "below the lower end": []}
        for detector in (Detector(), worse):
            for each in alarms.values():
                each.append([])
            for _ in range(streams):
                first = _alarms(engine, process, detector, (before, after, step, size), random)
                for found, at in zip(alarms.values(), first, strict=True):
                    found[-1].append(at)
        for rule, (quiet, noticed) in alarms.items():
            at = np.array(noticed)
            ends = [np.quantile(at, share, method="higher") for share in (0.5, 0.9)]
            _row(
                f"{size:,} images",
                name,
                rule,
                _share(np.isfinite(quiet)),
                _share(np.isfinite(at)),
                *(f"{each:,.0f}" if np.isfinite(each) else f"> {after:,}" for each in ends),
            )


def _alarms(
    engine: Engine,
    process: Process,
    detector: Detector,
    lengths: tuple[int, int, int, int],
    random: np.random.Generator,
) -> list[float]:
    """Return after how many images each rule first fires; infinity if it does not.

    The newest images are the window; it is full of those before the change when that comes.
    """
    before, after, step, size = lengths
    usual, changed = (draw_scene(process, each, random) for each in (before, after))
    past = seen_by(Detector(), usual, draw_groups(process, before, random), random)
    future = seen_by(detector, changed, draw_groups(process, after, random), random)
    baseline = shown_intervals(engine, past)[0]
    levels = _known(baseline.value), _known(baseline.low)
    first = [np.inf, np.inf]
    for images in range(step, after + 1, step):
        window = cut(future, max(images - size, 0), images)
        if images < size:
            window = _joined(cut(past, before - (size - images), before), window)
        high = _known(shown_intervals(engine, window)[0].high)
        for k, level in enumerate(levels):
            if high < level and not np.isfinite(first[k]):
                first[k] = images
        if np.isfinite(first).all():
            break
    return first


def _known(value: T | None) -> T:
    if value is None:
        raise RuntimeError("there are too few images for an interval")
    return value


def _joined(a: WindowColumns, b: WindowColumns) -> WindowColumns:
    """Return both, with ids from 0."""
    columns = type(a.columns)(
        *(
            np.concatenate([getattr(each.columns, name) for each in (a, b)])
            for name in type(a.columns).__slots__
        )
    )
    images = len(a.image_ids) + len(b.image_ids)
    groups = np.concatenate([a.groups, b.groups])
    return WindowColumns(
        a.span, tuple(range(images)), columns, a.patterns, groups, (), (), (), None
    )


def _share(claims: Iterable[bool]) -> str:
    found = np.array([*claims], dtype=np.float64)
    error = np.sqrt(found.mean() * (1 - found.mean()) / len(found))
    return f"{found.mean():.1%} ± {error:.1%}"


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000, help="of a coverage")
    parser.add_argument("--pairs", type=int, default=250, help="of a comparison")
    parser.add_argument("--drops", type=int, default=150, help="streams of a delay")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("coverage", "comparisons", "delays"))
    asked = parser.parse_args()
    engine = Engine.open(ModelRepository.open(find_graphs(None)), names=GRAPHS)
    print(machine())
    started = time.process_time()
    if asked.only in (None, "coverage"):
        print(f"\nCoverage of 95% intervals and mean width, {asked.streams:,} streams\n")
        coverage(engine, asked.sizes, asked.streams, asked.seed)
    if asked.only in (None, "comparisons", "delays"):
        worse = dropped(engine, asked.seed)
        found = truth(engine, SINGLE, worse, asked.seed + 1)[0]
        usual = truth(engine, SINGLE, Detector(), asked.seed + 1)[0]
        print(f"\nAP of the usual detector {usual:.4f}, of the worse one {found:.4f}")
    if asked.only in (None, "comparisons"):
        print(f"\nTwo models on the same images, {asked.pairs:,} streams\n")
        comparisons(engine, worse, [100, 300, 1000, 3000], asked.pairs, asked.seed)
    if asked.only in (None, "delays"):
        print(f"\nA drop of {DROP * 100:.0f} points of mAP, {asked.drops:,} streams\n")
        delays(engine, worse, asked.drops, asked.seed)
    print(f"\n{time.process_time() - started:.0f} CPU seconds")


if __name__ == "__main__":
    main()
