"""The detections of matched images that were evaluated, with what became of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.outcomes import operating_outcomes
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.settings import EvaluationSettings, ObjectClass, check_classes
from boxgauge.frames import InvalidInputError

FALSE_POSITIVE, TRUE_POSITIVE, IGNORED = 0, 1, 2


class Labels:
    """The classes of an analysis, by their ids.

    Args:
        classes: What is evaluated.
    """

    def __init__(self, classes: tuple[ObjectClass, ...]) -> None:
        self.classes = check_classes(classes)
        self._ids = np.array([each.id for each in self.classes], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.classes)

    def places(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return each label's place among the classes.

        Raises:
            InvalidInputError: A label is none of the classes.
        """
        places = np.searchsorted(self._ids, labels)
        known = self._ids[np.minimum(places, len(self._ids) - 1)] == labels
        if not known.all():
            raise InvalidInputError.at("label", int(labels[np.argmin(known)]), "a listed class")
        return places

    def check_same(
        self, other: "Labels", mine: EvaluationSettings, others: EvaluationSettings
    ) -> None:
        """Check that two analyses can be merged.

        Raises:
            InvalidInputError: They are of other classes or settings.
        """
        if (self.classes, mine) != (other.classes, others):
            raise InvalidInputError.at("analysis", "others", "of the same classes and settings")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """Detections of a batch within the last of ``max_detections``, by row, each [n].

    Attributes:
        rows: Row among all detections of the batch, ascending.
        images: Position of the image in the batch.
        counts: Detections of each image, [images].
        outcome: 0 false positive, 1 true positive, 2 ignored, at the operating point over the
            first area range.
        partners: Row of the ground truth that a true positive took, else -1.
    """

    rows: NDArray[np.int64]
    images: NDArray[np.int64]
    counts: NDArray[np.int64]
    outcome: NDArray[np.int64]
    partners: NDArray[np.int64]


def evaluated(images: MatchedImages, settings: EvaluationSettings) -> Evaluated:
    """Return the detections that were evaluated."""
    matches = images.matches
    rows = np.flatnonzero(matches.ranks < settings.max_detections[-1])
    of_image = images.predictions.image_index[rows]
    outcome = operating_outcomes(matches, settings)[rows].astype(np.int64)
    return Evaluated(
        rows,
        of_image,
        np.bincount(of_image, minlength=len(matches)),
        outcome,
        np.where(outcome == TRUE_POSITIVE, images.partners[rows], -1),
    )


def to_be_found(images: MatchedImages) -> NDArray[np.bool_]:
    """Return which ground truths count in the first area range, bool [g]."""
    counted: NDArray[np.bool_] = (images.matches.truth_counted & np.uint32(1)) == 1
    return counted
