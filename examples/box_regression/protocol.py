"""The simulation's cases and schedule: 5,000 places × 49 anchors × 7 targets, 200 steps.

References:
    Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box
    Regression", AAAI 2020, section "Analysis to IoU and GIoU Losses", Algorithm 1.
    https://arxiv.org/abs/1911.08287
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CENTRES = 5000
RADIUS = 3.0
MIDDLE = (10.0, 10.0)
ASPECTS = (1 / 4, 1 / 3, 1 / 2, 1.0, 2.0, 3.0, 4.0)
AREAS = (0.5, 0.67, 0.75, 1.0, 1.33, 1.5, 2.0)
CASES_AT_A_CENTRE = len(AREAS) * len(ASPECTS) * len(ASPECTS)
# (rate, its last step)
SCHEDULE = ((0.1, 160), (0.01, 180), (0.001, 200))


@dataclass(frozen=True)
class Cases:
    """Anchors and their targets, (cx, cy, w, h), unit: the side of a square target.

    Attributes:
        centres: Where the anchors are, [c, 2].
        anchors: Where the descent begins, [c · 343, 4], all cases of a centre in a row.
        targets: Where it should end, [c · 343, 4].
    """

    centres: NDArray[np.float64]
    anchors: Floats
    targets: Floats


def draw_centres(count: int, seed: int) -> NDArray[np.float64]:
    """Return ``count`` random places in the disc around the targets, [count, 2].

    The first of them do not depend on ``count``: a short run is the beginning of a long one.
    """
    uniform = np.random.default_rng(seed).random((count, 2))
    radius, angle = RADIUS * np.sqrt(uniform[:, 0]), 2 * np.pi * uniform[:, 1]
    return np.stack((np.cos(angle), np.sin(angle)), axis=1) * radius[:, None] + MIDDLE


def cases_at(centres: NDArray[np.float64]) -> Cases:
    """Return every anchor shape at every centre, each towards every target."""
    shapes = np.array([_sides(area, aspect) for area in AREAS for aspect in ASPECTS])
    targets = np.array([(*MIDDLE, *_sides(1.0, aspect)) for aspect in ASPECTS])
    anchors = np.empty((len(centres), len(shapes), len(targets), 4), dtype=np.float32)
    anchors[..., :2] = centres[:, None, None]
    anchors[..., 2:] = shapes[None, :, None]
    wanted = np.broadcast_to(targets.astype(np.float32), anchors.shape)
    return Cases(centres, anchors.reshape(-1, 4), wanted.reshape(-1, 4).copy())


def rates() -> list[float]:
    """Return the rate of each step."""
    steps, before = [], 0
    for rate, last in SCHEDULE:
        steps += [rate] * (last - before)
        before = last
    return steps


def _sides(area: float, aspect: float) -> tuple[float, float]:
    """Return width and height; ``aspect`` is width : height."""
    return (area * aspect) ** 0.5, (area / aspect) ** 0.5
