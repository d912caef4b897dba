"""LVIS's evaluation of federated labels: COCO's matching and curves, other detections in them."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.lvis_report import (
    FREQUENCIES,
    FederatedLabels,
    LvisReport,
    LvisStatistics,
)
from boxgauge.engine.engine import Engine
from boxgauge.engine.matches import Matches, pack_patterns, unpack_patterns
from boxgauge.engine.matching import match_images
from boxgauge.engine.report import Curves
from boxgauge.engine.settings import (
    AreaRange,
    EvaluationSettings,
    ObjectClass,
    check_classes,
)
from boxgauge.engine.sides import aligned, check_values, of_classes, select_rows, slice_images
from boxgauge.engine.statistics import mean
from boxgauge.engine.tally import ExactTally
from boxgauge.frames import (
    GroundTruths,
    ImageId,
    InvalidInputError,
    Predictions,
    image_order,
)

# Both ends belong to a range, as in COCO.
LVIS_AREAS = (
    AreaRange("all", 0.0, 1e10),
    AreaRange("small", 0.0, 1024.0),
    AreaRange("medium", 1024.0, 9216.0),
    AreaRange("large", 9216.0, 1e10),
)
_AT_50, _AT_75 = 0, 5
_IMAGES = 128
_TRUE_POSITIVE = 1


def evaluate_lvis(
    engine: Engine,
    predictions: Predictions,
    ground_truths: GroundTruths,
    classes: tuple[ObjectClass, ...],
    labels: FederatedLabels,
    *,
    max_detections: int = 300,
) -> LvisReport:
    """Return LVIS's statistics; an image missing on one side is empty there.

    A detection counts only where its class was looked for: where its image has a ground truth
    of it, or lists it as negative. Unmatched, it is ignored where the class is not labelled
    exhaustively. Crowds do not exist in LVIS: the mark is not read.

    Args:
        engine: Holds the graphs.
        predictions: Any finite scores.
        ground_truths: Any images; the order of neither side matters.
        classes: What is evaluated; boxes of other classes are left out.
        labels: What was looked for.
        max_detections: Detections an image, of all classes together, the best ones; ties keep
            the order of the rows.

    Raises:
        InvalidInputError: The classes are empty or not distinct, one has no frequency, the
            maximum is not in [1, 65535], or a value is not what it may be.
        ResourceExhaustedError: One image has more candidate pairs than a run may hold.
    """
    settings = EvaluationSettings(areas=LVIS_AREAS, max_detections=(max_detections,))
    ordered = check_classes(classes)
    check_values(predictions, ground_truths)
    for each in ordered:
        if each.id not in labels.frequencies:
            raise InvalidInputError.at(f"frequencies[{each.id}]", "nothing", "r, c or f")
    class_ids = np.array([each.id for each in ordered], dtype=np.int64)
    ids = sorted({*predictions.image_ids, *ground_truths.image_ids}, key=image_order)
    best = select_rows(predictions, _place_in_image(predictions) < max_detections)
    dt = aligned(of_classes(best, class_ids), ids)
    gt = aligned(of_classes(ground_truths, class_ids), ids)
    gt = replace(gt, crowd=np.zeros_like(gt.crowd))

    cells = _cells(dt.image_index, dt.labels, class_ids)
    positive = _cells(gt.image_index, gt.labels, class_ids)
    negative = _listed(labels.negatives, ids, class_ids)
    judged = select_rows(dt, np.isin(cells, np.concatenate([positive, negative])))
    open_ended = np.isin(
        _cells(judged.image_index, judged.labels, class_ids),
        _listed(labels.not_exhaustive, ids, class_ids),
    )

    tally = ExactTally(ordered, settings)
    for start in range(0, len(ids), _IMAGES):
        part = range(start, min(start + _IMAGES, len(ids)))
        sides = slice_images(judged, part), slice_images(gt, part)
        rows = slice(int(judged.offsets[part.start]), int(judged.offsets[part.stop]))
        matches = match_images(engine, *sides, settings)
        tally.add(_unmatched_ignored(matches, open_ended[rows], settings))
    report = tally.report(engine)
    groups = [
        [k for k, each in enumerate(ordered) if labels.frequencies[each.id] == frequency]
        for frequency in FREQUENCIES
    ]
    return LvisReport(
        _statistics(report.curves, groups),
        report.classes,
        report.curves,
        len(ids),
        report.positives,
        len(predictions.labels) - len(best.labels),
        len(best.labels) - len(dt.labels),
        len(dt.labels) - len(judged.labels),
    )


def _place_in_image(predictions: Predictions) -> NDArray[np.int64]:
    """Return each detection's place by score among all of its image."""
    image = predictions.image_index
    order = np.lexsort((-predictions.scores, image))
    places = np.empty_like(order)
    places[order] = np.arange(len(order)) - predictions.offsets[image]
    return places


def _cells(
    images: NDArray[np.int64], labels: NDArray[np.int64], class_ids: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return one number for each image and class."""
    return images * len(class_ids) + np.searchsorted(class_ids, labels)


def _listed(
    sets: Mapping[ImageId, Collection[int]], ids: list[ImageId], class_ids: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the cells that the sets name, those of other images and classes left out."""
    pairs = [(k, each) for k, image_id in enumerate(ids) for each in sets.get(image_id, ())]
    images, labels = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    known = np.isin(labels, class_ids)
    return _cells(images[known], labels[known], class_ids)


def _unmatched_ignored(
    matches: Matches, rows: NDArray[np.bool_], settings: EvaluationSettings
) -> Matches:
    """Return the matches in which these detections are never false positives."""
    if not rows.any():
        return matches
    shape = len(settings.areas), len(settings.iou_thresholds)
    known, place = np.unique(matches.codes[rows], return_inverse=True)
    outcomes = unpack_patterns(matches.patterns[known].tolist(), *shape).reshape(len(known), -1).T
    is_tp = outcomes == _TRUE_POSITIVE
    codes = matches.codes.copy()
    codes[rows] = len(matches.patterns) + place
    patterns = np.concatenate([matches.patterns, pack_patterns(is_tp, ~is_tp)])
    return replace(matches, codes=codes, patterns=patterns)


def _statistics(curves: Curves, groups: list[list[int]]) -> LvisStatistics:
    """Return the means, by numpy in the order of lvis-api's."""
    precision, recall = curves.precision[..., 0], curves.recall[..., 0]
    ap, aps, apm, apl = (mean(precision[..., a]) for a in range(len(LVIS_AREAS)))
    ar, ars, arm, arl = (mean(recall[..., a]) for a in range(len(LVIS_AREAS)))
    apr, apc, apf = (mean(precision[:, :, group, 0]) for group in groups)
    ap50, ap75 = (mean(precision[t : t + 1, :, :, 0]) for t in (_AT_50, _AT_75))
    return LvisStatistics(ap, ap50, ap75, aps, apm, apl, apr, apc, apf, ar, ars, arm, arl)
