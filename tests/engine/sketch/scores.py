"""Matched images drawn without boxes: scores of several kinds, outcomes of every kind."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine import EvaluationSettings, Matches, ObjectClass
from boxgauge.engine.matches import SUMS, ImageSums, pack_patterns

CLASSES = tuple(ObjectClass(k, f"class {k}") for k in range(5))
SETTINGS = EvaluationSettings(max_detections=(1, 4, 10))
_PER_IMAGE = 12

Float64 = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Float64]

DISTRIBUTIONS: dict[str, Draw] = {
    "uniform": lambda draw, n: draw.random(n),
    "background": lambda draw, n: draw.beta(1, 14, n),
    "confident": lambda draw, n: 1 - draw.beta(1, 400, n) * 1e-3,
    "saturated": lambda draw, n: np.float32(1) / (1 + np.exp(-np.float32(draw.normal(12, 9, n)))),
    "quantised": lambda draw, n: draw.integers(0, 256, n) / 255,
    "two values": lambda draw, n: draw.choice([0.0, 1.0], n),
    "not probabilities": lambda draw, n: draw.normal(0.5, 2, n),
}


def draw_matches(seed: int, images: int, scores: Draw) -> Matches:
    """Return images of 12 detections each; not all outcomes are nested over thresholds."""
    draw, n = np.random.default_rng(seed), images * _PER_IMAGE
    ious, areas = np.array(SETTINGS.iou_thresholds), len(SETTINGS.areas)
    found = scores(draw, n).astype(np.float64)
    quality = np.clip(found, 0, 1) * 0.4 + draw.random(n) * 0.7
    tp = quality >= ious[:, None]
    tp[3] &= draw.random(n) < 0.95
    tp = np.tile(tp, (areas, 1))
    ignored = np.repeat(draw.random((areas, n)) < 0.3, len(ious), axis=0) & ~tp
    ignored[: len(ious)] = False
    patterns, codes = np.unique(pack_patterns(tp, ignored), return_inverse=True)
    truths = n // 2
    zeros = np.zeros(images, np.int64)
    sums = draw.integers(0, 2**62, (images, SUMS))
    return Matches(
        tuple(range(seed * 10_000, seed * 10_000 + images)),
        np.full(images, _PER_IMAGE),
        draw.choice([each.id for each in CLASSES[:-1]], n),
        found,
        draw.integers(0, 13, n),
        codes,
        patterns,
        np.full(n, -1),
        np.bincount(np.sort(draw.integers(0, images, truths)), minlength=images) + zeros,
        draw.choice([each.id for each in CLASSES], truths),
        draw.integers(0, 2**areas, truths).astype(np.uint32),
        ImageSums(*sums.T),
    )
