"""How far estimates of precision and AP50 without labels are from what labels then say.

    python benchmarks/estimates.py --runs 200
    BOXGAUGE_DATA=folder python benchmarks/estimates.py --runs 200

Each run learns from labelled images and estimates others, whose labels are then looked at.
Beside the estimate stands what costs nothing: to expect the value of the labelled images
again. Prints mean absolute errors and the mean of estimate less truth, in points of 1/100.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from simulated import CLASSES, Model, Population, make_population
from timing import machine

from boxgauge.engine import (
    COCO_AREAS,
    Engine,
    EvaluationSettings,
    ExactTally,
    MatchedImages,
    ModelRepository,
    ObjectClass,
    find_graphs,
    match_images,
)
from boxgauge.engine.online.estimate import Estimator
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.formats import read_detections, read_ground_truth

SETTINGS = EvaluationSettings(
    iou_thresholds=(0.5,), areas=COCO_AREAS[:1], max_detections=(100,), score_threshold=0.5
)
FOLDERS = ("coco_val2014_100", "voc2007_100")
LABELLED, CURRENT = 1000, 1000

Classes = tuple[ObjectClass, ...]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """Labelled images and others of whom the labels are hidden."""

    classes: Classes
    labelled: MatchedImages
    current: MatchedImages


def part(images: MatchedImages, chosen: Int64) -> MatchedImages:
    """Return some of the images."""
    places = chosen.tolist()
    return MatchedImages(
        images.predictions.take(places),
        images.ground_truths.take(places),
        images.matches.select(chosen),
    )


def real(engine: Engine, folder: Path) -> tuple[Classes, MatchedImages]:
    """Return the classes and matched images of a pair of files."""
    truth = read_ground_truth(folder / "ground_truth.json")
    truths = truth.frames
    found, _ = read_detections(folder / "detections.json", truth)
    place = {image_id: k for k, image_id in enumerate(found.image_ids)}
    aligned = found.take([place[each] for each in truths.image_ids])
    classes = tuple(ObjectClass(each.id, each.name) for each in truth.classes)
    return classes, MatchedImages(aligned, truths, match_images(engine, aligned, truths, SETTINGS))


def halves(
    classes: Classes, images: MatchedImages, random: np.random.Generator, *, harder: bool
) -> Case:
    """Return two random halves; if ``harder``, low scores make an image likelier to be current."""
    n = len(images.matches)
    order = random.permutation(n)
    if harder:
        sums = np.bincount(images.predictions.image_index, images.predictions.scores, minlength=n)
        mean = sums / np.maximum(images.predictions.counts, 1)
        order = np.argsort(-mean + random.normal(0, mean.std(), n))
    return Case(classes, part(images, order[: n // 2]), part(images, order[n // 2 :]))


def simulated(
    engine: Engine, random: np.random.Generator, before: Model, now: Model, ease: float, mix: bool
) -> Case:
    """Return images of two times, the second ones easier by ``ease`` and of other classes."""
    sides = []
    for model, shift, images in ((before, 0.0, LABELLED), (now, ease, CURRENT)):
        population = make_population(images, 1, random)
        population = replace(population, ease=population.ease + shift)
        if mix and model is now:
            population = without_common(population, random)
        found = population.predictions(model, random)
        matches = match_images(engine, found, population.truths, SETTINGS)
        sides.append(MatchedImages(found, population.truths, matches))
    return Case(CLASSES, *sides)


def without_common(population: Population, random: np.random.Generator) -> Population:
    """Return the population with half of the objects of the common class gone."""
    truths = population.truths
    kept = (truths.labels != CLASSES[0].id) | (random.random(len(truths.labels)) < 0.5)
    counts = np.bincount(truths.image_index[kept], minlength=len(truths))
    columns = (column[kept] for column in truths.columns)
    return replace(population, truths=type(truths)(truths.image_ids, counts, *columns))


def values(
    engine: Engine, classes: Classes, images: MatchedImages
) -> tuple[float | None, float | None]:
    """Return precision at the threshold and AP50 by the labels."""
    tally = ExactTally(classes, SETTINGS)
    tally.add(images.matches)
    report = tally.report(engine)
    return report.operating_point.precision, report.statistics.AP50


def errors(engine: Engine, cases: Iterator[Case]) -> None:
    """Print the mean errors of the estimate, and of the labelled images' own values."""
    rows = []
    for case in cases:
        estimator = Estimator(engine, case.classes, SETTINGS)
        estimator.add(case.labelled)
        tally = PredictionTally(case.classes, SETTINGS)
        tally.add(case.current.predictions, case.current.predictions.image_ids)
        found = estimator.snapshot().estimate(tally)
        before, truth = (
            values(engine, case.classes, each) for each in (case.labelled, case.current)
        )
        numbers = (found.precision, found.ap50, *before, *truth)
        if None not in numbers:
            rows.append(numbers)
    precision, ap50, old_precision, old_ap50, true_precision, true_ap50 = (
        100 * np.array(rows, np.float64).T
    )
    for name, made, old, truth in (
        ("precision", precision, old_precision, true_precision),
        ("AP50", ap50, old_ap50, true_ap50),
    ):
        print(
            f"    {name:<9}  truth {truth.mean():5.1f}  was {old.mean():5.1f}  "
            f"estimate off by {np.abs(made - truth).mean():5.2f} "
            f"(mean {np.mean(made - truth):+6.2f})  as before off by "
            f"{np.abs(old - truth).mean():5.2f} (mean {np.mean(old - truth):+6.2f})"
        )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--graphs", type=Path)
    asked = parser.parse_args()
    print(machine())
    engine = Engine.open(ModelRepository.open(find_graphs(asked.graphs)))
    given = os.environ.get("BOXGAUGE_DATA")
    for name in FOLDERS if given else ():
        classes, images = real(engine, Path(str(given)) / name)
        for harder in (False, True):
            random = np.random.default_rng(1)
            print(f"{name}, halves{', the harder images later' if harder else ''}:")
            errors(
                engine,
                (halves(classes, images, random, harder=harder) for _ in range(asked.runs)),
            )
    usual = Model()
    for name, now, ease, mix in (
        ("no shift", usual, 0.0, False),
        ("harder images (log odds -1)", usual, -1.0, False),
        ("easier images (log odds +1)", usual, 1.0, False),
        ("half of the common class gone", usual, 0.0, True),
        ("a detector that finds less (log odds -1)", Model(skill=0.0), 0.0, False),
        ("concept shift: boxes lie worse, scores stay", Model(jitter=0.2), 0.0, False),
        ("concept shift: scores grow, order stays", Model(power=0.5), 0.0, False),
    ):
        random = np.random.default_rng(2)
        print(f"simulated, {LABELLED} labelled and {CURRENT} other images, {name}:")
        runs = max(asked.runs // 10, 5)
        errors(engine, (simulated(engine, random, usual, now, ease, mix) for _ in range(runs)))


if __name__ == "__main__":
    sys.exit(main())
