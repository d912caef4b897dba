"""Losses over what was matched, per image, by the exported loss graphs."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import FIXED_POINT, ImageSums

GIOU, BCE = "giou_loss", "bce_loss"


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
    ends = np.cumsum(images)
    pairs = np.flatnonzero(tp)
    giou = np.zeros(len(tp))
    if len(pairs):
        inputs = {"pred": _corners(boxes[pairs]), "target": _corners(truths[match[pairs]])}
        giou[pairs] = engine.run(GIOU, inputs)["loss"]
    probable = counts & (scores >= 0) & (scores <= 1)
    rows = np.flatnonzero(probable)
    bce = np.zeros(len(tp))
    if len(rows):
        inputs = {"prob": scores[rows].astype(np.float32), "target": tp[rows].astype(np.float32)}
        bce[rows] = engine.run(BCE, inputs)["loss"]
    return ImageSums(
        images,
        _by_image(np.rint(giou * FIXED_POINT).astype(np.int64), ends),
        _by_image(tp, ends),
        _by_image(np.rint(bce * FIXED_POINT).astype(np.int64), ends),
        _by_image(counts, ends),
        _by_image(counts & ~probable, ends),
    )


def _by_image(
    values: NDArray[np.int64] | NDArray[np.bool_], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the sum of each image's rows, given where each image ends."""
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])
    upto = sums[ends]
    return np.diff(upto, prepend=np.int64(0))


def _corners(xywh: NDArray[np.float64]) -> NDArray[np.float32]:
    corners = xywh.copy()
    corners[:, 2:] += corners[:, :2]
    return corners.astype(np.float32)
