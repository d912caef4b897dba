"""Overlaps by the exported graphs: of matched pairs, and of all boxes that share an image."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.evaluated import Evaluated
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages

OVERLAP, IMAGE_OVERLAPS = "overlap", "image_overlaps"

# Pairs that one run looks at, about 150 bytes each while it runs. A single detection may
# have more: no image holds so many ground truths that its pairs alone would not fit.
MAX_PAIRS = 1_000_000


def matched_overlaps(
    engine: Engine, images: MatchedImages, found: Evaluated
) -> NDArray[np.float64]:
    """Return the IoU of each true positive with what it took, 0 for all others: [n]."""
    paired = np.flatnonzero(found.partners >= 0)
    truths = found.partners[paired]
    iou = np.zeros(len(found.rows), dtype=np.float64)
    iou[paired] = engine.run(
        OVERLAP,
        {
            "dt_boxes": images.predictions.boxes[found.rows[paired]],
            "gt_boxes": images.ground_truths.boxes[truths],
            "crowd": images.ground_truths.crowd[truths],
        },
    )["iou"]
    return iou


def image_overlaps(
    engine: Engine, images: MatchedImages, found: Evaluated, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return detection, ground truth and overlap of all pairs of one image from ``least`` on.

    Detections are numbered as in ``found``, ground truths as in ``images``. Classes do not
    matter. However many boxes an image has, a run looks at `MAX_PAIRS` pairs or those of one
    detection.
    """
    truths = images.ground_truths
    boxes = images.predictions.boxes[found.rows]
    upto = np.cumsum(truths.counts[found.images])
    parts = []
    start = 0
    while start < len(boxes):
        before = int(upto[start - 1]) if start else 0
        stop = max(int(np.searchsorted(upto, before + MAX_PAIRS, side="right")), start + 1)
        pairs = engine.run(
            IMAGE_OVERLAPS,
            {
                "dt_image": found.images[start:stop],
                "dt_boxes": boxes[start:stop],
                "gt_image": truths.image_index,
                "gt_boxes": truths.boxes,
                "gt_crowd": truths.crowd,
                "least": np.array([least], dtype=np.float64),
            },
        )
        parts.append((pairs["pair_dt"] + start, pairs["pair_gt"], pairs["overlap"]))
        start = stop
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64)
    dt, gt, overlap = (np.concatenate(column) for column in zip(*parts, strict=True))
    return dt, gt, overlap
