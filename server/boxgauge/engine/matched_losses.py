"""Losses over what was matched, per image, by the exported loss graphs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT, ImageSums

GIOU, BCE = "giou_loss", "bce_loss"

# ONNX Runtime takes logarithms of whole vectors, and of the odd rest in other code that
# rounds otherwise. Without a rest, a row's loss does not depend on its place in the batch.
_VECTOR = 64

# Sides up to 2^40 px keep their scale; their area fits into float32 many times over.
_MAX_EXPONENT = 40


def image_sums(
    engine: Engine,
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    truths: NDArray[np.float64],
    match: NDArray[np.int64],
    tp: NDArray[np.bool_],
    counts: NDArray[np.bool_],
    images: NDArray[np.int64],
) -> ImageSums:
    """Return the sums of each image.

    Args:
        engine: Holds the loss graphs, which are float32.
        boxes: Detections, left, top, width, height, [d, 4].
        scores: Their confidence, [d].
        truths: Ground truths, [g, 4].
        match: Ground truth that each detection matched at the operating point, [d].
        tp: It is a true positive there, [d].
        counts: It is a true or a false positive there, [d].
        images: Detections of each image.
    """
    # One column a sum, with a spare first row: what lies between two ends is one image's.
    running = np.zeros((5, len(tp) + 1), dtype=np.int64)
    giou, giou_pairs, bce, bce_count, not_probability = running[:, 1:]
    pairs = np.flatnonzero(tp)
    giou_pairs[pairs] = 1
    if len(pairs):
        inputs = corner_pairs(boxes[pairs], truths[match[pairs]])
        giou[pairs] = _fixed_point(engine.run(GIOU, inputs)["loss"])
    probable = counts & (scores >= 0) & (scores <= 1)
    bce_count[:] = counts
    not_probability[:] = counts & ~probable
    rows = np.flatnonzero(probable)
    if len(rows):
        inputs = {"prob": whole_vectors(scores[rows]), "target": whole_vectors(tp[rows])}
        bce[rows] = _fixed_point(engine.run(BCE, inputs)["loss"][: len(rows)])
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(images)])
    return ImageSums(images, *np.diff(running.cumsum(1)[:, ends]))


def _fixed_point(losses: NDArray[np.float32]) -> NDArray[np.int64]:
    units: NDArray[np.int64] = np.rint(losses * FIXED_POINT).astype(np.int64)
    return units


def whole_vectors(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the rows in float32, with rows of zeros behind them until the vectors are whole."""
    rows = -(-len(values) // _VECTOR) * _VECTOR
    padded = np.zeros((rows, *values.shape[1:]), dtype=np.float32)
    padded[: len(values)] = values
    return padded


def corner_pairs(
    pred: NDArray[np.float64], target: NDArray[np.float64]
) -> dict[str, NDArray[np.float32]]:
    """Return pairs of boxes as corners from their common origin, in float32.

    GIoU depends on neither origin nor scale. In float32 a small box far from the image's
    origin would lose its size, and the area of a huge one would overflow.
    """
    origin = np.minimum(pred[:, :2], target[:, :2])
    corners = []
    for boxes in (pred, target):
        start = boxes[:, :2] - origin
        corners.append(np.concatenate([start, start + boxes[:, 2:]], axis=1))
    _, exponent = np.frexp(np.maximum(*corners).max(axis=1))
    shrink = np.minimum(_MAX_EXPONENT - exponent, 0)[:, None]
    a, b = (np.ldexp(each, shrink).astype(np.float32) for each in corners)
    return {"pred": a, "target": b}
