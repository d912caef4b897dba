"""Gradient descent of boxes, one case a row, and what is kept of its course."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from gradients import Gradient
from numpy.typing import NDArray
from protocol import Cases, Floats


@dataclass(frozen=True)
class Course:
    """How a batch of cases went.

    Attributes:
        error_sums: Σ over the cases of Σ|Δ(cx, cy, w, h)| before and after each step, [201].
        final: Σ|Δ| of each case at the end, [n].
        overlapped: Whether the case's boxes overlapped at the beginning, [n].
        reflected: Cases whose width or height was turned at 0 at least once.
        boxes: Where the cases ended, [n, 4].
    """

    error_sums: NDArray[np.float64]
    final: Floats
    overlapped: NDArray[np.bool_]
    reflected: int
    boxes: Floats


def descend(
    cases: Cases,
    gradient: Gradient,
    iou: Gradient,
    rates: Sequence[float],
    *,
    watch: Callable[[int, Floats], None] | None = None,
) -> Course:
    """Move each anchor by ``rate · (2 - IoU) · -dL/dB``, B = (cx, cy, w, h).

    A step may lead past width 0. The losses put inverted corners in order, that is they see
    the box of width ``|w|``; so do the error and the next step here. ``watch`` is shown the
    boxes before the first step, as number 0, and after each.
    """
    boxes = cases.anchors.copy()
    sums = [_errors(boxes, cases).sum(dtype=np.float64)]
    reflected = np.zeros(len(boxes), dtype=np.bool_)
    overlapped = iou(boxes) > 0
    if watch is not None:
        watch(0, boxes)
    for step, rate in enumerate(rates, start=1):
        weight = np.float32(rate) * (2 - iou(boxes))
        boxes -= weight[:, None] * gradient(boxes)
        sides = boxes[:, 2:]
        if (below := sides < 0).any():
            reflected |= below.any(axis=1)
            np.abs(sides, out=sides)
        sums.append(_errors(boxes, cases).sum(dtype=np.float64))
        if watch is not None:
            watch(step, boxes)
    return Course(np.array(sums), _errors(boxes, cases), overlapped, int(reflected.sum()), boxes)


def _errors(boxes: Floats, cases: Cases) -> Floats:
    across, down, width, height = np.abs(boxes - cases.targets).T
    return np.asarray(across + down + width + height, dtype=np.float32)
