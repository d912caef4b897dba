"""Streams of predictions without drift: independent images or clusters of like frames."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.engine.online.prediction_tally import PredictionTally
from boxgauge.frames import Predictions

CLASSES = tuple(ObjectClass(k, f"class {k}") for k in range(20))
SETTINGS = EvaluationSettings(score_threshold=0.3)
_SHARES = np.exp(-np.arange(len(CLASSES)) / 4)
_SHARES = _SHARES / _SHARES.sum()
_BOXES = 6.0

Float64 = NDArray[np.float64]
Scores = Callable[[Float64], Float64]


def _logistic(logits: Float64) -> Float64:
    return 1 / (1 + np.exp(-logits))


# From logits around 0 to scores.
SCORES: dict[str, Scores] = {
    "spread": _logistic,
    "background": lambda logits: _logistic(logits - 1.5),
    "confident": lambda logits: _logistic(logits + 3),
    "saturated": lambda logits: np.float32(_logistic(4 * logits + 9)).astype(np.float64),
    "quantised": lambda logits: np.round(_logistic(logits) * 20) / 20,
}


@dataclass(frozen=True, slots=True)
class Stream:
    """How images come about.

    Attributes:
        scores: One of `SCORES`.
        frames: Images of a cluster; 1: all are independent.
        spread: How much clusters differ in number, scores, sizes and classes; 0: not at all.
    """

    scores: str = "spread"
    frames: int = 1
    spread: float = 0.0

    def tally(self, random: np.random.Generator, images: int) -> PredictionTally:
        """Return the tally of so many images, whole clusters of them."""
        clusters = images // self.frames
        cluster = np.repeat(np.arange(clusters), self.frames)
        n = len(cluster)
        effect = random.normal(0, self.spread, (clusters, 4))[cluster]
        own = random.normal(0, 0.3, (n, 2))
        counts = np.minimum(random.poisson(_BOXES * np.exp(effect[:, 0] + own[:, 0])), 100)
        image = np.repeat(np.arange(n), counts)
        boxes = len(image)
        logits = random.normal(0, 1.5, boxes) + effect[image, 1] + own[image, 1]
        size = 2 ** (random.normal(5, 1, boxes) + effect[image, 2])
        stretch = 2 ** ((random.normal(0, 0.6, boxes) + 0.3 * effect[image, 3]) / 2)
        labels = random.choice(len(CLASSES), boxes, p=_SHARES)
        favourite = random.integers(0, len(CLASSES), clusters)[cluster][image]
        labels = np.where(random.random(boxes) < 0.6 * self.spread, favourite, labels)
        zeros = np.zeros(boxes)
        predictions = Predictions.from_arrays(
            range(n),
            counts,
            np.stack([zeros, zeros, size * stretch, size / stretch], axis=1),
            labels,
            SCORES[self.scores](logits),
        )
        tally = PredictionTally(CLASSES, SETTINGS)
        keys = random.integers(0, 2**60, clusters)[cluster]
        tally.add(predictions, keys.tolist())
        return tally
