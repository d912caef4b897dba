"""COCO's greedy matching, written out as loops: the slow reference for the matching kernel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Outcome(NamedTuple):
    """As `boxgauge.metrics.Matching`, in numpy."""

    rank: NDArray[np.int64]
    match: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    gt_ignored: NDArray[np.bool_]


def overlap(dt: NDArray[np.float64], gt: NDArray[np.float64], *, crowd: bool) -> float:
    """Return the overlap of two boxes, left, top, width, height."""
    width = min(dt[0] + dt[2], gt[0] + gt[2]) - max(dt[0], gt[0])
    height = min(dt[1] + dt[3], gt[1] + gt[3]) - max(dt[1], gt[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area = dt[2] * dt[3]
    return float(shared / (area if crowd else area + gt[2] * gt[3] - shared))


def match_greedily(
    dt_image: NDArray[np.int64],
    dt_label: NDArray[np.int64],
    dt_boxes: NDArray[np.float64],
    dt_scores: NDArray[np.float64],
    gt_image: NDArray[np.int64],
    gt_label: NDArray[np.int64],
    gt_boxes: NDArray[np.float64],
    gt_areas: NDArray[np.float64],
    gt_crowd: NDArray[np.bool_],
    gt_ignore: NDArray[np.bool_],
    iou_thresholds: NDArray[np.float64],
    area_ranges: NDArray[np.float64],
    max_detections: NDArray[np.int64],
) -> Outcome:
    """Return what a loop over detections in falling score gives."""
    ranges, thresholds = len(area_ranges), len(iou_thresholds)
    areas = dt_boxes[:, 2] * dt_boxes[:, 3]
    low, high = area_ranges[:, :1], area_ranges[:, 1:]
    gt_ignored = gt_crowd | gt_ignore | (gt_areas < low) | (gt_areas > high)
    outside = (areas < low) | (areas > high)
    rank = np.zeros(len(dt_scores), np.int64)
    match = np.full((ranges, thresholds, len(dt_scores)), -1, np.int64)
    ignored = np.repeat(outside[:, None, :], thresholds, 1)
    for image, label in {*zip(dt_image.tolist(), dt_label.tolist(), strict=True)}:
        rows = np.flatnonzero((dt_image == image) & (dt_label == label))
        rows = rows[np.argsort(-dt_scores[rows], kind="stable")]
        rank[rows] = np.arange(len(rows))
        truths = np.flatnonzero((gt_image == image) & (gt_label == label)).tolist()
        for a in range(ranges):
            real_first = sorted(truths, key=lambda g: bool(gt_ignored[a, g]))
            for t in range(thresholds):
                taken: set[int] = set()
                for d in rows[: max_detections[0]].tolist():
                    best, chosen = min(float(iou_thresholds[t]), 1 - 1e-10), -1
                    for g in real_first:
                        if g in taken and not gt_crowd[g]:
                            continue
                        if chosen >= 0 and not gt_ignored[a, chosen] and gt_ignored[a, g]:
                            break
                        found = overlap(dt_boxes[d], gt_boxes[g], crowd=bool(gt_crowd[g]))
                        if found >= best:
                            best, chosen = found, g
                    if chosen >= 0:
                        taken.add(chosen)
                        match[a, t, d] = chosen
                        ignored[a, t, d] = gt_ignored[a, chosen]
    return Outcome(rank, match, ignored, gt_ignored)
