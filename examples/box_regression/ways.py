"""The way of each loss through the simulation: who meets its target when, and how large."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from descent import descend
from gradients import Gradient
from numpy.typing import NDArray
from protocol import Cases, Floats, rates
from regression_results import GOOD

ERRORS_AT, MET_BY, AREAS_AT = (50, 100, 200), (25, 50, 200), (50, 200)
# The last steps at the first rate.
PLATEAU = range(140, 161)
_HEAD = (
    "loss",
    *(f"error {step}" for step in ERRORS_AT),
    f"below {GOOD}",
    "of those diagonal",
    *(f"met by {step}" for step in MET_BY),
    *(f"area {step}" for step in AREAS_AT),
    "net / path",
)


def eager_iou(targets: Floats) -> Gradient:
    """Return the function that gives each box's IoU with its target, [n]."""
    return partial(_iou, targets=targets)


class Way:
    """What ``descend`` shows of one course: boxes at some steps, and how they move at the plateau.

    Attributes:
        at: Boxes by step.
        path: Mean length of the way during the plateau, a coordinate.
    """

    def __init__(self) -> None:
        self.at: dict[int, Floats] = {}
        self.path = 0.0
        self._wanted = {*MET_BY, *AREAS_AT, PLATEAU[0], PLATEAU[-1]}
        self._last: Floats | None = None

    def __call__(self, step: int, boxes: Floats) -> None:
        """Take note of a step."""
        if step in self._wanted:
            self.at[step] = boxes.copy()
        if step in PLATEAU:
            if self._last is not None:
                self.path += float(np.abs(boxes - self._last).mean(dtype=np.float64))
            self._last = boxes.copy()

    @property
    def net(self) -> float:
        """Return how far a coordinate got during the plateau, on average."""
        moved = np.abs(self.at[PLATEAU[-1]] - self.at[PLATEAU[0]])
        return float(moved.mean(dtype=np.float64))


def ways(cases: Cases, gradients: Mapping[str, Callable[[Floats], Gradient]]) -> list[str]:
    """Return the lines of the table of ways, a loss each."""
    iou = eager_iou(cases.targets)
    apart = iou(cases.anchors) == 0
    diagonal = (_gaps(cases) > 0).all(axis=1)
    lines = [row(*_HEAD), "|---|" + "--:|" * (len(_HEAD) - 1)]
    for label, gradient_to in gradients.items():
        way = Way()
        course = descend(cases, gradient_to(cases.targets), iou, rates(), watch=way)
        good = course.final < GOOD
        errors = [course.error_sums[step] / len(course.final) for step in ERRORS_AT]
        met = [mean(iou(way.at[step])[apart] > 0) for step in MET_BY]
        areas = [mean(way.at[step][apart, 2:].prod(axis=1)) for step in AREAS_AT]
        lines.append(
            row(
                label,
                *(f"{each:.3g}" for each in errors),
                *(f"{mean(good[part]):.1%}" for part in (slice(None), diagonal)),
                *(f"{each:.1%}" for each in met),
                *(f"{each:.3g}" for each in areas),
                f"{way.net / way.path:.2f}" if way.path else "no move",
            )
        )
    return lines


def row(*cells: str) -> str:
    """Return a line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def _gaps(cases: Cases) -> Floats:
    """Return how far each pair is apart along x and y at first, below 0 where it is not."""
    between = np.abs(cases.anchors[:, :2] - cases.targets[:, :2])
    return np.asarray(between - (cases.anchors[:, 2:] + cases.targets[:, 2:]) / 2)


def mean(values: NDArray[Any]) -> float:
    """Return the mean, NaN of no values at all."""
    return float(values.mean(dtype=np.float64)) if len(values) else float("nan")


def _iou(boxes: Floats, targets: Floats) -> Floats:
    low = np.maximum(boxes[:, :2] - boxes[:, 2:] / 2, targets[:, :2] - targets[:, 2:] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:] / 2, targets[:, :2] + targets[:, 2:] / 2)
    overlap = np.clip(high - low, 0, None).prod(axis=1)
    union = boxes[:, 2:].prod(axis=1) + targets[:, 2:].prod(axis=1) - overlap
    return np.asarray(overlap / union, dtype=np.float32)
