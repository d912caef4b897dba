"""Predictions drawn for tests: scores, sizes, aspects, numbers and classes of any kind."""

import numpy as np

from boxgauge.engine import EvaluationSettings, ObjectClass
from boxgauge.frames import ImageId, Predictions

CLASSES = tuple(ObjectClass(3 * k + 1, f"class {k}") for k in range(6))
SETTINGS = EvaluationSettings(score_threshold=0.3)


def draw_predictions(
    seed: int, images: int, *, blur: float = 0.0, size: float = 1.0, mean: float = 6.0
) -> Predictions:
    """Return images of about ``mean`` boxes; ``blur`` lowers logits, ``size`` scales sides."""
    draw = np.random.default_rng(seed)
    counts = draw.poisson(mean, images)
    n = int(counts.sum())
    sides = 2 ** draw.normal(5, 1, (n, 2)) * size
    sides[draw.random(n) < 0.01] = 0
    scores = 1 / (1 + np.exp(blur - draw.normal(-0.5, 1.5, n)))
    ids: list[ImageId] = [f"{seed}/{k}" for k in range(images)]
    return Predictions.from_arrays(
        ids,
        counts,
        np.concatenate([np.zeros((n, 2)), sides], axis=1),
        draw.choice([each.id for each in CLASSES], n, p=[0.4, 0.2, 0.2, 0.1, 0.07, 0.03]),
        scores,
    )
