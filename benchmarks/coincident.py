"""Matching where boxes coincide, its worst case: one image, one class, beside random boxes.

    python benchmarks/coincident.py [--repeats 5]

Equal boxes make every detection want the same ground truth, so that the rounds of matching
are as many as the detections. The ratio says how much dearer that is than as many random boxes.
"""

import argparse

import numpy as np
from timing import machine, measure

from boxgauge.engine import Engine, EvaluationSettings, ModelRepository, find_graphs, match_images
from boxgauge.frames import GroundTruths, Predictions

SIZES = ((100, 100), (100, 1000), (100, 5000), (5000, 5000))


def sides(detections: int, truths: int, *, equal: bool) -> tuple[Predictions, GroundTruths]:
    """Return both sides of one image of one class."""
    draw = np.random.default_rng(0)

    def boxes(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        if equal:
            return np.tile([0.0, 0.0, 50.0, 50.0], (n, 1))
        return np.concatenate([draw.uniform(0, 600, (n, 2)), draw.uniform(10, 90, (n, 2))], axis=1)

    scores = np.linspace(0, 1, detections)
    return (
        Predictions.from_arrays([1], [detections], boxes(detections), [1] * detections, scores),
        GroundTruths.from_arrays([1], [truths], boxes(truths), [1] * truths),
    )


def main() -> None:
    """Print a table of CPU seconds, equal boxes beside random ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    engine = Engine.open(ModelRepository.open(find_graphs()))
    settings = EvaluationSettings()
    print(f"{machine()}\nmedians of {repeats}\n")
    print("| detections | ground truths | equal boxes CPU s | random boxes CPU s | ratio |")
    print("|---|---|---|---|---|")
    for detections, truths in SIZES:
        cost = {}
        for equal in (True, False):
            both = sides(detections, truths, equal=equal)
            run = measure(lambda both=both: match_images(engine, *both, settings), repeats)
            cost[equal] = run.cpu_s
        ratio = cost[True] / cost[False]
        print(f"| {detections} | {truths} | {cost[True]:.2f} | {cost[False]:.3f} | {ratio:.0f} |")


if __name__ == "__main__":
    main()
