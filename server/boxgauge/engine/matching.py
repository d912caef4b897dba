"""Matching: batches of images through the exact graph, bounded by candidate pairs."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.cells import Cells, number_cells
from boxgauge.engine.choosing import choosing
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_losses import image_sums
from boxgauge.engine.matches import Matches
from boxgauge.engine.outcomes import outcomes
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import GroundTruths, InvalidInputError, Predictions, ResourceExhaustedError

# Bounds of one run at COCO's 10 thresholds and 4 area ranges; more of those allow less of
# these. The first limits memory (a number for each pair, threshold and area range), the
# second keeps the working set near the cache: larger runs are slower a detection.
MAX_PAIRS = 1_000_000
MAX_DETECTIONS = 40_000
_COMBINATIONS = 40
# Detections of one image that are looked at, whatever the thresholds.
MAX_IMAGE_DETECTIONS = 1_000_000
MATCH = "match"


def image_bounds(settings: EvaluationSettings) -> tuple[int, int]:
    """Return the most candidate pairs and the most detections that one image may have."""
    share = _share(settings)
    return int(MAX_PAIRS / share), int(MAX_IMAGE_DETECTIONS / share)


def match_images(
    engine: Engine,
    predictions: Predictions,
    ground_truths: GroundTruths,
    settings: EvaluationSettings,
) -> Matches:
    """Return what became of every detection and ground truth.

    Args:
        engine: Holds the graphs.
        predictions: One side of each image.
        ground_truths: The other side of the same images, in the same order.
        settings: Thresholds, areas, most detections.

    Raises:
        InvalidInputError: The two sides do not list the same images.
        ResourceExhaustedError: One image alone has more candidate pairs than a run may hold.
    """
    if predictions.image_ids != ground_truths.image_ids:
        raise InvalidInputError.at(
            "ground_truths.image_ids", len(ground_truths), "the predictions'"
        )
    if settings.strict:
        # pycocotools overwrites what the file says.
        nothing = np.zeros_like(ground_truths.ignore)
        ground_truths = replace(ground_truths, ignore=nothing)
    cells = number_cells(predictions, ground_truths)
    whole = slice(0, len(predictions))
    parts = [
        _run(engine, predictions, ground_truths, cells, part, settings)
        for part in _parts(predictions, ground_truths, cells, settings)
    ]
    if not parts:
        parts = [_run(engine, predictions, ground_truths, cells, whole, settings)]
    return Matches.concatenate(parts)


def _parts(
    predictions: Predictions,
    ground_truths: GroundTruths,
    cells: Cells,
    settings: EvaluationSettings,
) -> Iterator[slice]:
    """Yield runs of images that stay within both bounds."""
    images = len(predictions)
    share = _share(settings)
    max_pairs, most_in_image = image_bounds(settings)
    max_detections = int(MAX_DETECTIONS / share)
    if len(predictions.labels) <= max_detections and (
        int((predictions.counts * ground_truths.counts).sum()) <= max_pairs
    ):
        if images:
            yield slice(0, images)
        return
    total = int(cells.first[-1])
    dt = np.bincount(cells.of_predictions, minlength=total)
    gt = np.bincount(cells.of_ground_truths, minlength=total)
    # Summed up to each cell, since an image may have none.
    upto = np.concatenate([[0], np.cumsum(np.minimum(dt, settings.max_detections[-1]) * gt)])
    pairs = np.diff(upto[cells.first])
    start, held, rows = 0, 0, 0
    for k, (more, detections) in enumerate(
        zip(pairs.tolist(), predictions.counts.tolist(), strict=True)
    ):
        for found, bound, what in (
            (more, max_pairs, "candidate pairs"),
            (detections, most_in_image, "detections"),
        ):
            if found > bound:
                raise ResourceExhaustedError(
                    f"image {predictions.image_ids[k]!r} has {found} {what}:"
                    f" at most {bound} fit in one run",
                    field="image_id",
                    value=predictions.image_ids[k],
                )
        if k > start and (held + more > max_pairs or rows + detections > max_detections):
            yield slice(start, k)
            start, held, rows = k, 0, 0
        held += more
        rows += detections
    if images > start:
        yield slice(start, images)


def _share(settings: EvaluationSettings) -> float:
    """Return how many times COCO's thresholds and area ranges these are, at least 1."""
    return max(1.0, len(settings.iou_thresholds) * len(settings.areas) / _COMBINATIONS)


def _run(
    engine: Engine,
    predictions: Predictions,
    ground_truths: GroundTruths,
    cells: Cells,
    images: slice,
    settings: EvaluationSettings,
) -> Matches:
    """Run the graph once over these images."""
    dt_ends, gt_ends = predictions.offsets, ground_truths.offsets
    dt = slice(int(dt_ends[images.start]), int(dt_ends[images.stop]))
    gt = slice(int(gt_ends[images.start]), int(gt_ends[images.stop]))
    dt_counts, gt_counts = predictions.counts[images], ground_truths.counts[images]
    boxes, scores = predictions.boxes[dt], predictions.scores[dt]
    first_cell, end_cell = cells.first[images.start], cells.first[images.stop]
    dt_cell = cells.of_predictions[dt] - first_cell
    gt_cell = cells.of_ground_truths[gt] - first_cell
    total, most = int(end_cell - first_cell), settings.max_detections[-1]
    order, rank = choosing(dt_cell, scores, total)
    # Without a ground truth in its cell a detection is unmatched, without looking.
    may_match = (np.bincount(gt_cell, minlength=total) > 0)[dt_cell] & (rank < most)
    rows = order[may_match[order]]
    found = engine.run(
        MATCH,
        {
            # The graph asks only which boxes share a cell: one number says it, with one label.
            "dt_image": dt_cell[rows],
            "dt_label": np.zeros(len(rows), dtype=np.int64),
            "dt_boxes": boxes[rows],
            # They are in order already, which makes the graph's own sort cheap.
            "dt_scores": np.arange(len(rows), 0, -1, dtype=np.float64),
            "gt_image": gt_cell,
            "gt_label": np.zeros(len(gt_cell), dtype=np.int64),
            "gt_boxes": ground_truths.boxes[gt],
            "gt_areas": ground_truths.areas[gt],
            "gt_crowd": ground_truths.crowd[gt],
            "gt_ignore": ground_truths.ignore[gt],
            "iou_thresholds": np.array(settings.iou_thresholds, dtype=np.float64),
            "area_ranges": np.array([(each.low, each.high) for each in settings.areas]),
            "max_detections": np.array([most], dtype=np.int64),
        },
    )
    areas = boxes[:, 2] * boxes[:, 3]
    outcome = outcomes(found, rows, areas, ground_truths.ids[gt], settings)
    sums = image_sums(
        engine,
        boxes,
        scores,
        ground_truths.boxes[gt],
        outcome.partner,
        outcome.hit,
        (rank < most) & ~outcome.ignored,
        dt_counts,
    )
    bits = np.left_shift(np.uint32(1), np.arange(len(settings.areas), dtype=np.uint32))
    counted = (~found["gt_ignored"] * bits[:, None]).sum(0, dtype=np.uint32)
    return Matches(
        predictions.image_ids[images],
        dt_counts,
        predictions.labels[dt],
        scores,
        rank,
        outcome.codes,
        outcome.patterns,
        _places_in_image(outcome.partner, dt_counts, gt_counts),
        gt_counts,
        ground_truths.labels[gt],
        counted,
        sums,
    )


def _places_in_image(
    match: NDArray[np.int64], dt_counts: NDArray[np.int64], gt_counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the place of each matched ground truth among those of its image, or -1."""
    first = np.repeat(np.cumsum(gt_counts) - gt_counts, dt_counts)
    return np.where(match >= 0, match - first, -1)
