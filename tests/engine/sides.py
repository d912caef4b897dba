"""Two random sides of a few images, coarse enough that ties are common."""

import numpy as np

from boxgauge.engine import ObjectClass
from boxgauge.frames import GroundTruths, Predictions

CLASSES = (ObjectClass(3, "cat"), ObjectClass(7, "dog"), ObjectClass(9, "emu"))


def draw_sides(seed: int, images: int = 12) -> tuple[Predictions, GroundTruths]:
    """Return both sides of ``images`` images; some are empty, some boxes are crowds."""
    draw = np.random.default_rng(seed)
    ids = [*range(10, 10 + images // 2), *(f"cam/{k}" for k in range(images - images // 2))]
    counts, truths = draw.integers(0, 12, images), draw.integers(0, 5, images)
    dt, gt = _boxes(draw, int(counts.sum())), _boxes(draw, int(truths.sum()))
    return (
        Predictions.from_arrays(
            ids, counts, dt, draw.choice([3, 7], len(dt)), draw.integers(0, 9, len(dt)) / 8
        ),
        GroundTruths.from_arrays(
            ids,
            truths,
            gt,
            draw.choice([3, 7], len(gt)),
            crowd=draw.random(len(gt)) < 0.1,
            ignore=draw.random(len(gt)) < 0.1,
        ),
    )


def _boxes(draw: np.random.Generator, n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    corners = draw.integers(0, 3, (n, 2)) * 16
    sides = draw.choice([16, 32, 33, 96], (n, 2))
    return np.concatenate([corners, sides], axis=1).astype(np.float64)
