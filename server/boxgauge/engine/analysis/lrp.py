"""Optimal LRP: one error for localisation, false positives and false negatives together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.evaluated import Labels, evaluated, to_be_found
from boxgauge.engine.analysis.image_rows import ImageRows
from boxgauge.engine.analysis.overlaps import matched_overlaps
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.engine.sortable import restored, sortable
from boxgauge.frames import ImageId, InvalidInputError

OPTIMAL_LRP = "optimal_lrp"

ROW = np.dtype([("score", "<f8"), ("iou", "<f8"), ("label", "<u4"), ("outcome", "u1")])
TRUTH = np.dtype([("label", "<u4")])


@dataclass(frozen=True, slots=True)
class ClassLrp:
    """One class; None where undefined.

    Attributes:
        object_class: Which one.
        olrp: Lowest LRP over all score thresholds, in [0, 1]; None without objects.
        localisation: Mean of 1 - IoU of the true positives at that threshold; None where
            keeping no detection is best.
        false_positive: 1 - precision there; None as above.
        false_negative: 1 - recall there; None without objects.
        score_threshold: The threshold: detections from this score on are kept; None as above.
    """

    object_class: ObjectClass
    olrp: float | None
    localisation: float | None
    false_positive: float | None
    false_negative: float | None
    score_threshold: float | None


@dataclass(frozen=True, slots=True)
class LrpReport:
    """Means over the classes for which each is defined; None where there is none.

    Attributes:
        classes: By class.
        iou_threshold: τ, at which detections were matched.
        olrp: Mean over the classes with objects.
        localisation: Mean over the classes that keep detections, like ``false_positive``.
        false_positive: As above.
        false_negative: Mean over the classes with objects.
    """

    classes: tuple[ClassLrp, ...]
    iou_threshold: float
    olrp: float | None
    localisation: float | None
    false_positive: float | None
    false_negative: float | None


class LrpErrors:
    """Accumulates what LRP follows from; no result depends on batching or order.

    Args:
        engine: Holds the graphs.
        classes: What is evaluated.
        settings: Its operating point's IoU is τ.

    Raises:
        InvalidInputError: τ is 1, where no localisation would be good enough to be measured.
    """

    def __init__(
        self, engine: Engine, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> None:
        self._engine, self._labels, self._settings = engine, Labels(classes), settings
        self.iou_threshold = settings.iou_thresholds[operating_threshold(settings)]
        if self.iou_threshold >= 1:
            raise InvalidInputError.at("iou_thresholds", self.iou_threshold, "below 1 for LRP")
        self._rows, self._truths = ImageRows(ROW), ImageRows(TRUTH)

    def add(self, images: MatchedImages) -> None:
        """Take in images; all or, with an error, none.

        Raises:
            AlreadyExistsError: An image has been taken in already.
            InvalidInputError: A label is none of the classes.
        """
        found = evaluated(images, self._settings)
        rows = np.empty(len(found.rows), dtype=ROW)
        rows["score"] = images.predictions.scores[found.rows]
        rows["iou"] = matched_overlaps(self._engine, images, found)
        rows["label"] = self._labels.places(images.predictions.labels[found.rows])
        rows["outcome"] = found.outcome
        counted = to_be_found(images)
        truths = np.empty(int(counted.sum()), dtype=TRUTH)
        truths["label"] = self._labels.places(images.ground_truths.labels[counted])
        of_image = images.ground_truths.image_index[counted]
        ids = images.predictions.image_ids
        self._rows.add(ids, found.counts, rows)
        self._truths.add(ids, np.bincount(of_image, minlength=len(ids)), truths)

    def remove(self, image_id: ImageId) -> None:
        """Take an image out again; one that is not there is no error."""
        self._rows.remove(image_id)
        self._truths.remove(image_id)

    def merge(self, other: "LrpErrors") -> None:
        """Take in the images of another one of the same classes and settings.

        Raises:
            AlreadyExistsError: An image is in both.
            InvalidInputError: Classes or settings differ.
        """
        self._labels.check_same(other._labels, self._settings, other._settings)
        self._rows.merge(other._rows)
        self._truths.merge(other._truths)

    def report(self) -> LrpReport:
        """Return oLRP and its parts over all images so far."""
        rows = self._rows.rows()
        keys, values = sortable(np.ascontiguousarray(rows["score"]))
        found = self._engine.run(
            OPTIMAL_LRP,
            {
                "label": rows["label"].astype(np.int64),
                "scores": keys,
                "outcome": rows["outcome"].astype(np.int64),
                "iou": np.ascontiguousarray(rows["iou"]),
                "positives": np.bincount(
                    self._truths.rows()["label"], minlength=len(self._labels)
                ).astype(np.int64),
                "iou_threshold": np.array([self.iou_threshold], dtype=np.float64),
            },
        )
        has, kept = found["defined"], found["defined"] & found["attained"]
        olrp, false_negative = (_defined(found[each], has) for each in ("olrp", "false_negative"))
        localisation = _defined(found["localisation"], kept)
        false_positive = _defined(found["false_positive"], kept)
        threshold = _defined(restored(found["score_threshold"], values), kept)
        parts = (olrp, localisation, false_positive, false_negative)
        classes = tuple(map(ClassLrp, self._labels.classes, *parts, threshold))
        return LrpReport(classes, self.iou_threshold, *map(_mean, parts))


def _defined(values: NDArray[np.float64], where: NDArray[np.bool_]) -> list[float | None]:
    pairs = zip(values.tolist(), where.tolist(), strict=True)
    return [value if is_defined else None for value, is_defined in pairs]


def _mean(values: list[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
