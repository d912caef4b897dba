"""Simulated changes for the worse, each as large as one likes, and what AP they cost."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from simulated import CLASSES, Model, Population

from boxgauge.engine import (
    COCO_AREAS,
    Engine,
    EvaluationSettings,
    ExactTally,
    Matches,
    match_images,
)
from boxgauge.frames import Predictions

SETTINGS = EvaluationSettings(areas=COCO_AREAS[:1], max_detections=(100,), score_threshold=0.3)
_BATCH, _HALVINGS = 1000, 8

Found = tuple[Predictions, Population]
Change = Callable[[Population, np.random.Generator, float], Found]


def blurred(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images on which less is found, with lower scores."""
    model = Model()
    return population.predictions(replace(model, skill=model.skill - amount), random), population


def harder(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images on which less is found, with lower scores, and what is imagined is surer."""
    less_easy = replace(population, ease=population.ease - amount)
    return less_easy.predictions(Model(), random), less_easy


def farther(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images with objects smaller by ``amount`` octaves and so much harder to find."""
    truths = population.truths
    boxes = truths.boxes.copy()
    boxes[:, 2:] *= 2.0**-amount
    smaller = replace(truths, boxes=boxes, areas=boxes[:, 2] * boxes[:, 3])
    moved = replace(population, truths=smaller, ease=population.ease - amount)
    return moved.predictions(Model(), random), moved


def class_lost(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images on which so much of the second class's detections is missing."""
    found = population.predictions(Model(), random)
    kept = (found.labels != CLASSES[1].id) | (random.random(len(found.labels)) >= amount)
    counts = np.bincount(found.image_index[kept], minlength=len(found))
    columns = (column[kept] for column in found.columns)
    return Predictions(found.image_ids, counts, *columns), population


def doubled(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images on which so many boxes have a second one beside them, a little less sure."""
    found = population.predictions(Model(), random)
    again = np.flatnonzero(random.random(len(found.labels)) < amount)
    order = np.argsort(np.concatenate([found.image_index, found.image_index[again]]), kind="stable")
    boxes, labels, scores = found.columns
    twice = boxes[again] * random.normal(1, 0.03, (len(again), 4))
    return (
        Predictions(
            found.image_ids,
            found.counts + np.bincount(found.image_index[again], minlength=len(found)),
            np.concatenate([boxes, twice])[order],
            np.concatenate([labels, labels[again]])[order],
            np.concatenate([scores, 0.95 * scores[again]])[order],
        ),
        population,
    )


def misplaced(population: Population, random: np.random.Generator, amount: float) -> Found:
    """Return images on which boxes lie worse by so much of their sides; scores stay."""
    model = Model()
    return population.predictions(replace(model, jitter=model.jitter + amount), random), population


# With the largest amount that is tried.
CHANGES: dict[str, tuple[Change, float]] = {
    "blur": (blurred, 2.0),
    "harder scenes": (harder, 2.0),
    "camera farther away": (farther, 2.0),
    "a class is lost": (class_lost, 1.0),
    "double boxes": (doubled, 1.0),
    "boxes lie worse, scores stay": (misplaced, 0.2),
}


@dataclass(frozen=True, slots=True)
class Sized:
    """A change that costs about what was asked for.

    Attributes:
        change: Which.
        amount: How much of it.
        lost: Points of AP that it costs, as measured.
    """

    change: Change
    amount: float
    lost: float


def costing(
    engine: Engine, population: Population, change: Change, most: float, points: float
) -> Sized:
    """Return the amount of a change, up to ``most``, that costs so many points of AP."""
    base = 100 * average_precision(engine, *change(population, np.random.default_rng(5), 0.0))

    def lost(amount: float) -> float:
        found = change(population, np.random.default_rng(5), amount)
        return base - 100 * average_precision(engine, *found)

    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if lost(middle) > points else (middle, high)
    return Sized(change, high, lost(high))


def average_precision(engine: Engine, found: Predictions, population: Population) -> float:
    """Return COCO's AP."""
    parts: list[Matches] = []
    for start in range(0, len(found), _BATCH):
        part = range(start, min(start + _BATCH, len(found)))
        parts.append(match_images(engine, found.take(part), population.truths.take(part), SETTINGS))
    tally = ExactTally(CLASSES, SETTINGS)
    tally.add(Matches.concatenate(parts))
    return float(tally.report(engine).statistics.AP or 0.0)
