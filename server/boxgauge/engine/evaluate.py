"""Offline evaluation: two sides, one exact report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from boxgauge.engine.ahead import run_ahead
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import Accumulator, MatchedImages
from boxgauge.engine.matching import match_images
from boxgauge.engine.notes import differences
from boxgauge.engine.pooling import POOLED, pooled
from boxgauge.engine.report import Report
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.engine.sides import aligned, check_values, of_classes, slice_images
from boxgauge.engine.tally import ExactTally
from boxgauge.frames import GroundTruths, Predictions, image_order

# Images a matching run: enough to make its overhead small, few enough to stay in the cache.
_IMAGES = 256


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
        InvalidInputError: The classes are empty or not distinct, or a value is not what it may
            be and the settings are not strict; names side, image and field.
        ResourceExhaustedError: One image has more candidate pairs than a run may hold.
    """
    ordered = check_classes(classes)
    if not settings.strict:
        check_values(predictions, ground_truths)
    class_ids = np.array([each.id for each in ordered], dtype=np.int64)
    ids = sorted({*predictions.image_ids, *ground_truths.image_ids}, key=image_order)
    known = of_classes(predictions, class_ids)
    dropped = len(predictions.labels) - len(known.labels)
    dt, gt = aligned(known, ids), aligned(of_classes(ground_truths, class_ids), ids)
    if settings.class_agnostic:
        dt, gt, ordered = pooled(dt), pooled(gt), (POOLED,)
    tally = ExactTally(ordered, settings)

    def matched(start: int) -> MatchedImages:
        part = range(start, min(start + _IMAGES, len(ids)))
        sides = slice_images(dt, part), slice_images(gt, part)
        return MatchedImages(*sides, match_images(engine, *sides, settings))

    for images in run_ahead(matched, range(0, len(ids), _IMAGES), engine.workers):
        tally.add(images.matches)
        for each in accumulators:
            each.add(images)
        if progress is not None:
            progress(len(images.matches))
    report = tally.report(engine)
    return Evaluation(replace(report, notes=differences(gt, settings)), dropped, tally)
