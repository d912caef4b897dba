"""How often intervals contain the truth, and how often a comparison sees what is not there.

    python benchmarks/intervals.py --simulations 300 --replicates 200

Samples are drawn from a population of simulated images, whose own value is the truth. Prints
the share of intervals that contain it (wanted: 95%) and of comparisons that find a difference
(wanted where there is none: 5%), each with the standard error of so many simulations.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from simulated import CLASSES, Model, make_population
from timing import machine, measure
from workload import CLASSES as WORKLOAD_CLASSES
from workload import make_workload

from boxgauge.engine import (
    COCO_AREAS,
    Engine,
    EvaluationSettings,
    Matches,
    ModelRepository,
    ObjectClass,
    evaluate,
    find_graphs,
)
from boxgauge.engine.analysis import (
    Comparison,
    Interval,
    Intervals,
    Resampler,
    ResamplingTally,
    bootstrap,
    compare,
    jackknife,
)
from boxgauge.frames import ImageId

# One area range and one maximum: what is not looked at need not be computed.
SETTINGS = EvaluationSettings(areas=COCO_AREAS[:1], max_detections=(100,))
RARE = CLASSES[-1]
SHOWN = ("AP", "AP50", "AP75", "AR100", f"AP of {RARE.name}")
POPULATION, FRAMES = 10_000, 5

Clusters = dict[ImageId, ImageId]
Method = Callable[[ResamplingTally, Clusters], Intervals]


def cost(engine: Engine, images: int, repeats: int) -> None:
    """Print what a resample costs beside evaluating so many images again: CPU, medians."""
    workload, settings = make_workload(images, seed=1), EvaluationSettings()
    classes = tuple(ObjectClass(k, str(k)) for k in range(1, WORKLOAD_CLASSES + 1))
    tally = ResamplingTally(classes, settings)
    sides = workload.predictions(), workload.ground_truths()
    evaluate(engine, *sides, classes, settings, accumulators=[tally])
    matches = tally.matches()
    if matches is None:
        raise ValueError("at least one image is wanted")
    resampler = Resampler(engine, classes, settings, matches)
    weights = np.random.default_rng(1).poisson(1.0, len(matches))
    again = measure(lambda: evaluate(engine, *sides, classes, settings), repeats)
    once = measure(lambda: resampler.statistics(weights), repeats)
    _table(f"{images} images, {len(matches.scores)} detections", "CPU s", "ratio")
    _row("evaluated again", f"{again.cpu_s:.3f}", "1")
    _row("resampled", f"{once.cpu_s:.3f}", f"{once.cpu_s / again.cpu_s:.3f}")
    _say("")


class Study:
    """Repeats what is asked for on samples of simulated images.

    Args:
        engine: Holds the graphs.
        simulations: Samples that are drawn.
        replicates: Resamples of each sample.
        seed: Of the population and the samples.
    """

    def __init__(self, engine: Engine, simulations: int, replicates: int, seed: int) -> None:
        self._engine = engine
        self._simulations = simulations
        self._replicates = replicates
        self._seed = seed

    def coverage(self, images: int, frames: int) -> None:
        """Print how often each kind of interval contains the population's value."""
        random = np.random.default_rng(self._seed)
        population = make_population(POPULATION, frames, random)
        matches = population.matched(self._engine, Model(), SETTINGS, random)
        resampler = Resampler(self._engine, CLASSES, SETTINGS, matches)
        values = resampler.statistics(np.ones(len(matches), dtype=np.int64)).tolist()
        truth = dict(zip(resampler.names, values, strict=True))
        hits, missing = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        widths, bias = Counter[tuple[str, str]](), dict.fromkeys(SHOWN, 0.0)
        methods = self._methods(frames)
        for _ in range(self._simulations):
            tally, clusters = _sample(matches, *_draw(images, frames, random))
            for method, make in methods.items():
                for name, interval in _by_name(make(tally, clusters)).items():
                    if interval.value is None or interval.low is None or interval.high is None:
                        missing[method, name] += 1
                        continue
                    hits[method, name] += interval.low <= truth[name] <= interval.high
                    widths[method, name] += interval.high - interval.low
                    bias[name] += (interval.value - truth[name]) / len(methods)
        kind = f"{images} images" + (f" in {images // frames} clusters" if frames > 1 else "")
        _table(kind, *(f"{name} = {truth[name]:.3f}" for name in SHOWN))
        for method in methods:
            given = {name: self._simulations - missing[method, name] for name in SHOWN}
            _row(
                method,
                *(
                    f"{_share(hits[method, m], n)}, {widths[method, m] / n:.3f}"
                    for m, n in given.items()
                ),
            )
        _row("mean of the samples − truth", *(f"{bias[m] / given[m]:+.4f}" for m in SHOWN))
        _say("")

    def alarms(self, images: int) -> None:
        """Print how often a comparison calls two models different."""
        _table(f"two models, {images} images", "mean difference of AP", "p ≤ 0.05", "0 outside")
        self._alarms("equal", Model(), images)
        self._alarms("equal, the scores of one squared", Model(power=2.0), images)
        self._alarms("one finds more", Model(skill=1.3), images)
        self._alarms("equal, clusters not known", Model(), images, frames=FRAMES)
        self._alarms("equal, clusters known", Model(), images, frames=FRAMES, is_known=True)
        _say("")

    def _alarms(
        self, name: str, other: Model, images: int, *, frames: int = 1, is_known: bool = False
    ) -> None:
        # Two equal models differ on the population too, by a tenth of a sample's chance error.
        random = np.random.default_rng(self._seed)
        population = make_population(POPULATION, frames, random)
        a, b = (
            population.matched(self._engine, model, SETTINGS, random) for model in (Model(), other)
        )
        low_p, outside, total = 0, 0, 0.0
        for k in range(self._simulations):
            chosen = _draw(images, frames, random)
            (left, clusters), (right, _) = _sample(a, *chosen), _sample(b, *chosen)
            found: Comparison = compare(
                self._engine,
                left,
                right,
                replicates=self._replicates - 1,
                seed=k,
                clusters=clusters if is_known else None,
            )
            ap = found.statistics["AP"]
            if ap.p_value is None or ap.low is None or ap.high is None or ap.difference is None:
                raise ValueError("AP is undefined in a sample: draw more images")
            low_p += ap.p_value <= 0.05
            outside += not ap.low <= 0 <= ap.high
            total += ap.difference
        n = self._simulations
        _row(name, f"{total / n:+.4f}", _share(low_p, n), _share(outside, n))

    def _methods(self, frames: int) -> dict[str, Method]:
        """Return what is tried: over images, and over clusters where there are some."""
        methods: dict[str, Method] = {}
        for units in ("images", "clusters") if frames > 1 else ("images",):

            def of(clusters: Clusters, units: str = units) -> Clusters | None:
                return clusters if units == "clusters" else None

            methods[f"bootstrap, {units}"] = lambda tally, clusters, of=of: bootstrap(
                self._engine, tally, replicates=self._replicates, clusters=of(clusters)
            )
            methods[f"jackknife, {units}"] = lambda tally, clusters, of=of: jackknife(
                self._engine, tally, clusters=of(clusters)
            )
        return methods


def _draw(images: int, frames: int, random: np.random.Generator) -> tuple[NDArray[np.int64], int]:
    """Return images of the population, drawn by whole clusters."""
    clusters = random.integers(POPULATION // frames, size=images // frames)
    return (clusters[:, None] * frames + np.arange(frames)).reshape(-1), frames


def _sample(
    population: Matches, images: NDArray[np.int64], frames: int
) -> tuple[ResamplingTally, Clusters]:
    """Return images of a population under ids of their own, and the cluster of each."""
    tally = ResamplingTally(CLASSES, SETTINGS)
    ids = tuple(range(len(images)))
    tally.add_matches(replace(population.select(images), image_ids=ids))
    return tally, {k: k // frames for k in ids}


def _by_name(found: Intervals) -> dict[str, Interval]:
    named = found.statistics | {f"AP of {each.name}": own for each, own in found.class_ap}
    return {name: named[name] for name in SHOWN}


def _share(hits: int, n: int) -> str:
    share = hits / n
    return f"{100 * share:.1f} ± {100 * math.sqrt(share * (1 - share) / n):.1f}%"


def _table(*head: str) -> None:
    _row(*head)
    _row(*["---"] * len(head))


def _row(*cells: str) -> None:
    _say(f"| {' | '.join(cells)} |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=300)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("cost", "coverage", "alarms"))
    asked = parser.parse_args()
    engine = Engine.open(ModelRepository.open(find_graphs(None)))
    study = Study(engine, asked.simulations, asked.replicates, asked.seed)
    _say(f"{machine()}; {asked.simulations} simulations of {asked.replicates} replicates\n")
    if asked.only in (None, "cost"):
        cost(engine, 5000, 5)
    if asked.only in (None, "coverage"):
        for images, frames in ((200, 1), (200, FRAMES)):
            study.coverage(images, frames)
    if asked.only in (None, "alarms"):
        study.alarms(100)


if __name__ == "__main__":
    main()
