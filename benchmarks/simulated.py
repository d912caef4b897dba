"""Simulated images, as hard as others of their cluster, and detectors of a known quality."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import Engine, EvaluationSettings, Matches, ObjectClass, match_images
from boxgauge.frames import GroundTruths, Predictions

CLASSES = (ObjectClass(1, "common"), ObjectClass(2, "usual"), ObjectClass(3, "rare"))
_SHARES = (0.6, 0.3, 0.1)
_WIDTH, _HEIGHT = 640.0, 480.0
_TRUTHS, _BACKGROUND = 3.0, 2.0
_BATCH = 1000

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Model:
    """A detector.

    Attributes:
        skill: Log odds of finding an object on an ordinary image.
        jitter: Error of a box, in its sides.
        power: Exponent on its scores: changes the scores, not their order.
        luck: Spread of what makes a cluster easier or harder for this model than for others,
            in log odds.
    """

    skill: float = 1.0
    jitter: float = 0.06
    power: float = 1.0
    luck: float = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Images of which samples are drawn; image i belongs to cluster i // ``frames``."""

    images: int
    frames: int
    truths: GroundTruths
    ease: Float64

    def matched(
        self,
        engine: Engine,
        model: Model,
        settings: EvaluationSettings,
        random: np.random.Generator,
    ) -> Matches:
        """Return what a model finds on every image, matched."""
        found, parts = self.predictions(model, random), []
        for start in range(0, self.images, _BATCH):
            part = range(start, min(start + _BATCH, self.images))
            sides = found.take(part), self.truths.take(part)
            parts.append(match_images(engine, *sides, settings))
        return Matches.concatenate(parts)

    def predictions(self, model: Model, random: np.random.Generator) -> Predictions:
        """Return what a model finds on every image."""
        image = self.truths.image_index
        luck = random.normal(0, model.luck, -(-self.images // self.frames))
        ease = self.ease + np.repeat(luck, self.frames)[: self.images]
        odds = model.skill + ease[image]
        seen = np.flatnonzero(random.random(len(image)) < _logistic(odds))
        boxes = self.truths.boxes[seen]
        size = np.concatenate([boxes[:, 2:], boxes[:, 2:]], axis=1)
        boxes = boxes + random.normal(0, model.jitter, boxes.shape) * size
        boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
        scores = _logistic(odds[seen] + random.normal(0, 1, len(seen)))

        noise = np.repeat(np.arange(self.images), random.poisson(_BACKGROUND, self.images))
        noise_scores = _logistic(random.normal(-1, 1, len(noise)) - ease[noise] / 2)
        of_image = np.concatenate([image[seen], noise])
        order = np.argsort(of_image, kind="stable")
        labels = np.concatenate([self.truths.labels[seen], _labels(len(noise), random)])
        return Predictions.from_arrays(
            range(self.images),
            np.bincount(of_image, minlength=self.images),
            np.concatenate([boxes, _boxes(len(noise), random)])[order],
            labels[order],
            np.concatenate([scores, noise_scores])[order] ** model.power,
        )


def make_population(images: int, frames: int, random: np.random.Generator) -> Population:
    """Return images, of which each run of ``frames`` neighbours is equally hard."""
    counts = random.poisson(_TRUTHS, images)
    n = int(counts.sum())
    truths = GroundTruths.from_arrays(range(images), counts, _boxes(n, random), _labels(n, random))
    ease = random.normal(0, 1.2, -(-images // frames))
    return Population(images, frames, truths, np.repeat(ease, frames)[:images])


def _labels(n: int, random: np.random.Generator) -> Int64:
    return random.choice([each.id for each in CLASSES], n, p=_SHARES)


def _boxes(n: int, random: np.random.Generator) -> Float64:
    sides = np.exp(random.normal(4.0, 0.7, (n, 2))).clip(8, 300)
    return np.concatenate([random.random((n, 2)) * ((_WIDTH, _HEIGHT) - sides), sides], axis=1)


def _logistic(x: Float64) -> Float64:
    return 1 / (1 + np.exp(-x))
