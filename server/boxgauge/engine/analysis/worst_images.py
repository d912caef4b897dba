"""The images with the most errors at the operating point, and where on them these are."""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.frames import ImageId, image_order


@dataclass(frozen=True, slots=True, eq=False)
class ImageErrors:
    """One image at the operating point; boxes are left, top, width, height, pixels.

    Attributes:
        image_id: Which image.
        truth_boxes: Ground truths, float64 [g, 4].
        truth_labels: Their classes, int64 [g].
        counted: It has to be found, bool [g]; a crowd, for example, has not.
        found: A shown detection took it, bool [g].
        boxes: Detections from the score threshold on that count, float64 [d, 4].
        labels: Their classes, int64 [d].
        scores: Their confidence, float64 [d].
        correct: It is a true positive, bool [d]; else a false one.
    """

    image_id: ImageId
    truth_boxes: NDArray[np.float64]
    truth_labels: NDArray[np.int64]
    counted: NDArray[np.bool_]
    found: NDArray[np.bool_]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    correct: NDArray[np.bool_]

    @property
    def false_positives(self) -> int:
        """Detections that are wrong."""
        return int((~self.correct).sum())

    @property
    def false_negatives(self) -> int:
        """Ground truths that were missed."""
        return int((self.counted & ~self.found).sum())

    @property
    def errors(self) -> int:
        """False positives and false negatives."""
        return self.false_positives + self.false_negatives


class WorstImages:
    """Keeps the images with the most errors; of equals, the first by image id.

    Args:
        settings: Their score threshold and IoU decide what is an error.
        most: Images that are kept.
    """

    def __init__(self, settings: EvaluationSettings, *, most: int = 12) -> None:
        self._settings = settings
        self._most = most
        self._kept: list[ImageErrors] = []

    def add(self, images: MatchedImages) -> None:
        """Take in images that it has not seen."""
        self._kept = heapq.nsmallest(
            self._most, (*self._kept, *_errors(images, self._settings)), key=_worst_first
        )

    def report(self) -> tuple[ImageErrors, ...]:
        """Return the images that have errors, worst first."""
        return tuple(each for each in self._kept if each.errors)


def _worst_first(image: ImageErrors) -> tuple[int, object]:
    return -image.errors, image_order(image.image_id)


def _errors(images: MatchedImages, settings: EvaluationSettings) -> list[ImageErrors]:
    """Return each image's detections and ground truths at the operating point."""
    matches, predictions, truths = images.matches, images.predictions, images.ground_truths
    partners = images.partners
    counted = (matches.truth_counted & 1).astype(np.bool_)
    shown = (matches.ranks < settings.max_detections[-1]) & (
        matches.scores >= settings.score_threshold
    )
    matched = partners >= 0
    found = np.zeros(len(counted), dtype=np.bool_)
    found[partners[shown & matched]] = True
    # What took a ground truth that need not be found is neither right nor wrong.
    shown[matched] &= counted[partners[matched]]

    ends, truth_ends = predictions.offsets.tolist(), truths.offsets.tolist()
    listed = []
    for k, image_id in enumerate(predictions.image_ids):
        rows = ends[k] + np.flatnonzero(shown[ends[k] : ends[k + 1]])
        own = slice(truth_ends[k], truth_ends[k + 1])
        listed.append(
            ImageErrors(
                image_id,
                truths.boxes[own].copy(),
                truths.labels[own].copy(),
                counted[own],
                found[own],
                predictions.boxes[rows],
                predictions.labels[rows],
                predictions.scores[rows],
                matched[rows],
            )
        )
    return listed
