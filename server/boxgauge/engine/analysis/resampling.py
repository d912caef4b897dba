"""Statistics of resampled images, without matching anything again."""

from dataclasses import astuple, fields

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.events import Events, list_events, slices
from boxgauge.engine.engine import Engine
from boxgauge.engine.matched_images import MatchedImages
from boxgauge.engine.matches import Matches
from boxgauge.engine.report import Curves, Statistics
from boxgauge.engine.settings import (
    RECALL_GRID,
    EvaluationSettings,
    ObjectClass,
    check_classes,
)
from boxgauge.engine.statistics import average_precision, average_recall, statistics
from boxgauge.frames import AlreadyExistsError, ImageId, InvalidInputError, image_order

RESAMPLED_REPORT = "resampled_report"
STATISTICS = tuple(each.name for each in fields(Statistics))

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class ResamplingTally:
    """Keeps what matching found out about each image, for resampling whole images.

    Neither batching nor order of arrival matters.

    Args:
        classes: What is evaluated.
        settings: With which thresholds.
    """

    def __init__(self, classes: tuple[ObjectClass, ...], settings: EvaluationSettings) -> None:
        self.classes = check_classes(classes)
        self.settings = settings
        self._parts: list[Matches] = []
        self._images: set[ImageId] = set()

    def __len__(self) -> int:
        return len(self._images)

    def add(self, images: MatchedImages) -> None:
        """Take in images.

        Raises:
            AlreadyExistsError: An image is there already.
        """
        self.add_matches(images.matches)

    def merge(self, other: "ResamplingTally") -> None:
        """Take in the images of another tally.

        Raises:
            InvalidInputError: The other one has other classes or settings.
            AlreadyExistsError: An image is in both.
        """
        if (other.classes, other.settings) != (self.classes, self.settings):
            raise InvalidInputError.at("tally", "others", "of the same classes and settings")
        if other._parts:
            self.add_matches(Matches.concatenate(other._parts))

    def matches(self) -> Matches | None:
        """Return all images in the order of their ids; None if there is none."""
        if not self._parts:
            return None
        self._parts = [Matches.concatenate(self._parts)]
        ids = self._parts[0].image_ids
        order = sorted(range(len(ids)), key=lambda k: image_order(ids[k]))
        return self._parts[0].select(order)

    def add_matches(self, matches: Matches) -> None:
        """Take in images of which only the matches are there.

        Raises:
            AlreadyExistsError: An image is there already.
        """
        both = self._images.intersection(matches.image_ids)
        if both:
            twice = min(both, key=image_order)
            raise AlreadyExistsError(
                f"image {twice!r} is there already", field="image_id", value=twice
            )
        self._images.update(matches.image_ids)
        self._parts.append(matches.evaluated(self.settings.max_detections[-1]))


class Resampler:
    """Computes the statistics of weighted images.

    Args:
        engine: Holds the graph.
        classes: In ascending id.
        settings: As matched.
        matches: Images in the order in which ties rank; nothing beyond the most detections.

    Attributes:
        names: The 12 statistics, then ``AP of`` each class: what `statistics` returns.
    """

    def __init__(
        self,
        engine: Engine,
        classes: tuple[ObjectClass, ...],
        settings: EvaluationSettings,
        matches: Matches,
    ) -> None:
        self._engine = engine
        self._classes = classes
        self._settings = settings
        self._events: Events = list_events(classes, settings, matches)
        self.names = (*STATISTICS, *(f"AP of {each.name}" for each in classes))

    def statistics(self, weights: Int64) -> Float64:
        """Return the values of ``names``, NaN where undefined; image i counts weights[i] times."""
        curves = self.curves(weights)
        found = statistics(
            average_precision(curves, self._settings),
            average_recall(curves, self._settings),
            self._settings,
        )
        # Rows without gaps are summed as a class on its own is, in the report.
        rows = np.ascontiguousarray(curves.precision[..., 0, -1].transpose(2, 0, 1))
        overall = rows.reshape(len(self._classes), -1)
        # -1 in one place of a class is -1 in all.
        of_class = np.where(overall[:, 0] < 0, np.nan, overall.mean(1))
        return np.concatenate([np.array(astuple(found), dtype=np.float64), of_class])

    def curves(self, weights: Int64) -> Curves:
        """Return precision and recall; -1 where undefined, and where no statistic asks.

        There are no scores.
        """
        asked = self._settings
        found = self._engine.run(
            RESAMPLED_REPORT,
            {"weights": weights, "recall_points": RECALL_GRID}
            | {name: getattr(self._events, name) for name in Events.__slots__},
        )
        thresholds, classes = len(asked.iou_thresholds), len(self._classes)
        # What is averaged together lies together; the views have the axes of a report.
        axes = (len(asked.areas), len(asked.max_detections), thresholds)
        precision = np.full((*axes, len(RECALL_GRID), classes), -1.0)
        recall = np.full((*axes, classes), -1.0)
        found_precision = found["precision"].reshape(len(RECALL_GRID), -1, thresholds, classes)
        found_recall = found["recall"].reshape(-1, thresholds, classes)
        for c, at in enumerate(slices(asked)):
            precision[at] = found_precision[:, c].transpose(1, 0, 2)
            recall[at] = found_recall[c]
        return Curves(precision.transpose(2, 3, 4, 0, 1), recall.transpose(2, 3, 0, 1), np.zeros(0))
