"""Offline evaluation: two sides, one exact report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import Accumulator, MatchedImages
from boxgauge.engine.matching import match_images
from boxgauge.engine.notes import differences
from boxgauge.engine.pooling import POOLED, pooled
from boxgauge.engine.report import Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.tally import ExactTally
from boxgauge.frames import Frames, GroundTruths, ImageId, Predictions, image_order

F = TypeVar("F", bound=Frames)

# Images a matching run: enough to make its overhead small, few enough to stay in the cache.
_IMAGES = 128


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report, what it was made of, and how many detections of unlisted classes it left out."""

    report: Report
    dropped: int
    tally: ExactTally


def evaluate(
    engine: Engine,
    predictions: Predictions,
    ground_truths: GroundTruths,
    classes: tuple[ObjectClass, ...],
    settings: EvaluationSettings,
    *,
    accumulators: Sequence[Accumulator] = (),
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Return the exact report of two sides; an image missing on one side is empty there.

    Args:
        engine: Holds the graphs.
        predictions: Any finite scores.
        ground_truths: Any images; the order of neither side matters.
        classes: What is evaluated; boxes of other classes are left out.
        settings: Thresholds, areas, most detections. If class-agnostic, the report and the
            accumulators know the one class `POOLED` only.
        accumulators: Take in the matched images too, for what follows from the same matches.
        progress: Told of how many more images are done.

    Raises:
        InvalidInputError: The classes are empty or not distinct.
        ResourceExhaustedError: One image has more candidate pairs than a run may hold.
    """
    ordered = check_classes(classes)
    class_ids = np.array([each.id for each in ordered], dtype=np.int64)
    ids = sorted({*predictions.image_ids, *ground_truths.image_ids}, key=image_order)
    known = _of_classes(predictions, class_ids)
    dropped = len(predictions.labels) - len(known.labels)
    dt, gt = _aligned(known, ids), _aligned(_of_classes(ground_truths, class_ids), ids)
    if settings.class_agnostic:
        dt, gt, ordered = pooled(dt), pooled(gt), (POOLED,)
    tally = ExactTally(ordered, settings)
    for start in range(0, len(ids), _IMAGES):
        part = range(start, min(start + _IMAGES, len(ids)))
        sides = _slice(dt, part), _slice(gt, part)
        images = MatchedImages(*sides, match_images(engine, *sides, settings))
        tally.add(images.matches)
        for each in accumulators:
            each.add(images)
        if progress is not None:
            progress(len(part))
    report = tally.report(engine)
    return Evaluation(replace(report, notes=differences(gt, settings)), dropped, tally)


def _of_classes(frames: F, class_ids: NDArray[np.int64]) -> F:
    """Return the frames without boxes of other classes."""
    known = np.isin(frames.labels, class_ids)
    if known.all():
        return frames
    counts = np.bincount(frames.image_index[known], minlength=len(frames))
    columns = (column[known] for column in frames.columns)
    return type(frames)(frames.image_ids, counts, *columns)


def _aligned(frames: F, ids: list[ImageId]) -> F:
    """Return the frames of these images, in this order; an image that is missing is empty."""
    if list(frames.image_ids) == ids:
        return frames
    places = {image_id: k for k, image_id in enumerate(frames.image_ids)}
    present = frames.take([places[image_id] for image_id in ids if image_id in places])
    counts = np.zeros(len(ids), dtype=np.int64)
    counts[[k for k, image_id in enumerate(ids) if image_id in places]] = present.counts
    return type(frames)(tuple(ids), counts, *present.columns)


def _slice(frames: F, images: range) -> F:
    """Return a run of neighbouring images, without copying."""
    ends = frames.offsets
    rows = slice(int(ends[images.start]), int(ends[images.stop]))
    columns = (column[rows] for column in frames.columns)
    within = slice(images.start, images.stop)
    return type(frames)(frames.image_ids[within], frames.counts[within], *columns)
