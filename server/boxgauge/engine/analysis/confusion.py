"""The confusion matrix: what objects of each class were detected as, background included."""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.evaluated import IGNORED, Labels, evaluated, to_be_found
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matching import match_images
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings, ObjectClass
from boxgauge.frames import Frames, InvalidInputError, Predictions, ResourceExhaustedError

F = TypeVar("F", bound=Frames)

CONFUSION_MATRIX = "confusion_matrix"

# The most detections of one image that settings can ask for.
_MAX_DETECTIONS = 65535
# Of a matrix of 512 MiB.
_MAX_CLASSES = 8191


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Counts of true class (rows) by predicted class (columns).

    Attributes:
        classes: Classes of the rows and columns but for the last, the background.
        iou_threshold: Lowest overlap of a match.
        score_threshold: Lowest score that was kept.
        counts: int64 [k + 1, k + 1]. [k, c]: detections that found nothing; [c, k]: objects
            that nothing found; [k, k] is always 0.
    """

    classes: tuple[ObjectClass, ...]
    iou_threshold: float
    score_threshold: float
    counts: NDArray[np.int64]

    def of_truth(self) -> "np.ma.MaskedArray[tuple[int, int], np.dtype[np.float64]]":
        """Return each row as shares of its sum; rows without any count are masked."""
        totals = np.broadcast_to(self.counts.sum(axis=1, keepdims=True), self.counts.shape)
        shares = self.counts / np.maximum(totals, 1)
        return np.ma.masked_array(shares, mask=totals == 0)


class ConfusionMatrix:
    """Accumulates the confusion matrix in integers; no result depends on batching or order.

    Detections that were evaluated and score at least the threshold are matched with the
    objects that count over the first area range, with one class for all. What finds nothing
    there, and is ignored within its class (crowds, ignored objects, areas out of range), is
    left out.

    Args:
        engine: Holds the graphs.
        classes: What is evaluated.
        settings: Its operating point says from which IoU and score on boxes count.

    Raises:
        InvalidInputError: There are more than 8,191 classes, whose matrix would not fit.
    """

    def __init__(
        self, engine: Engine, classes: tuple[ObjectClass, ...], settings: EvaluationSettings
    ) -> None:
        self._engine, self._labels, self._settings = engine, Labels(classes), settings
        self.iou_threshold = settings.iou_thresholds[operating_threshold(settings)]
        self._agnostic = replace(
            settings,
            iou_thresholds=(self.iou_threshold,),
            areas=settings.areas[:1],
            max_detections=(_MAX_DETECTIONS,),
        )
        if len(classes) > _MAX_CLASSES:
            wanted = f"at most {_MAX_CLASSES} for a confusion matrix"
            raise InvalidInputError.at("classes", len(classes), wanted)
        side = len(self._labels) + 1
        self._counts = np.zeros((side, side), dtype=np.int64)

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen.

        Raises:
            InvalidInputError: A label is none of the classes.
            ResourceExhaustedError: An image has more pairs of a kept detection and a ground
                truth than a run may hold, or more than 65,535 kept detections.
        """
        self._counts += self._count(images)

    def subtract(self, images: MatchedImages) -> None:
        """Take images out again that were added just so."""
        self._counts -= self._count(images)

    def merge(self, other: "ConfusionMatrix") -> None:
        """Take in the images of another one of the same classes and settings.

        Raises:
            InvalidInputError: Classes or settings differ.
        """
        self._labels.check_same(other._labels, self._settings, other._settings)
        self._counts += other._counts

    def report(self) -> Confusion:
        """Return the counts so far."""
        return Confusion(
            self._labels.classes,
            self.iou_threshold,
            self._settings.score_threshold,
            self._counts.copy(),
        )

    def _count(self, images: MatchedImages) -> NDArray[np.int64]:
        objects = np.flatnonzero(to_be_found(images))
        rows, taken = self._match_across(images, objects)
        truths = self._labels.places(images.ground_truths.labels[objects])
        found = self._engine.run(
            CONFUSION_MATRIX,
            {
                "dt_label": self._labels.places(images.predictions.labels[rows]),
                # A last one stands for nothing taken.
                "dt_truth": np.append(truths, -1)[taken],
                "dt_scores": images.predictions.scores[rows],
                "positives": np.bincount(truths, minlength=len(self._labels)).astype(np.int64),
                "score_threshold": np.array([self._settings.score_threshold]),
            },
        )
        matrix = np.zeros_like(self._counts)
        matrix[:-1, :-1] = found["counts"]
        matrix[-1, :-1], matrix[:-1, -1] = found["false_positives"], found["missed"]
        return matrix

    def _match_across(
        self, images: MatchedImages, objects: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of the detections that count, and which object each took, or -1."""
        found = evaluated(images, self._settings)
        # Detections choose by falling score: those below the threshold come last and could
        # take nothing from those above.
        high = images.predictions.scores[found.rows] >= self._settings.score_threshold
        sides = (
            _of_one_class(images.predictions, found.rows[high]),
            _of_one_class(images.ground_truths, objects),
        )
        _check_size(sides[0])
        across = MatchedImages(*sides, match_images(self._engine, *sides, self._agnostic))
        taken = evaluated(across, self._agnostic).partners
        counts = (taken >= 0) | (found.outcome[high] != IGNORED)
        return found.rows[high][counts], taken[counts]


def _of_one_class(frames: F, rows: NDArray[np.int64]) -> F:
    """Return these boxes, as if all were of one class."""
    counts = np.bincount(frames.image_index[rows], minlength=len(frames))
    columns = (column[rows] for column in frames.columns)
    part = type(frames)(frames.image_ids, counts, *columns)
    return replace(part, labels=np.zeros(len(rows), dtype=np.int64))


def _check_size(detections: Predictions) -> None:
    if len(detections) and detections.counts.max() > _MAX_DETECTIONS:
        worst = int(np.argmax(detections.counts))
        image_id = detections.image_ids[worst]
        raise ResourceExhaustedError(
            f"image {image_id!r} has {detections.counts[worst]} detections from the score"
            f" threshold on: at most {_MAX_DETECTIONS} fit in a confusion matrix",
            field="image_id",
            value=image_id,
        )
