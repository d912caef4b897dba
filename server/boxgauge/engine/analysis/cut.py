"""A tally's detections at one IoU threshold, area range and maximum."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.places import place_of
from boxgauge.engine.curves import Columns
from boxgauge.engine.matches import unpack_patterns
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.report_order import report_order
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sortable import sortable
from boxgauge.engine.tally_snapshot import TallySnapshot


@dataclass(frozen=True, slots=True)
class Cut:
    """Places of one IoU threshold, area range and maximum among the settings'."""

    threshold: int
    area: int
    maximum: int

    @classmethod
    def of(
        cls,
        settings: EvaluationSettings,
        iou: float | None,
        area: str | None,
        max_detections: int | None,
    ) -> "Cut":
        """Return the places; by default the operating IoU, the first area, the last maximum.

        Raises:
            InvalidInputError: The settings have no such threshold, area or maximum.
        """
        ious, maxima = settings.iou_thresholds, settings.max_detections
        names = [each.name for each in settings.areas]
        return cls(
            operating_threshold(settings) if iou is None else place_of("iou", iou, ious),
            0 if area is None else place_of("area", area, names),
            len(maxima) - 1
            if max_detections is None
            else place_of("max_detections", max_detections, maxima),
        )


@dataclass(frozen=True, slots=True, eq=False)
class CutColumns:
    """Detections of images in report order, and the ground truths to be found.

    Attributes:
        label: Place of each detection's class, in the tally's type, [n].
        keys: What sorts as the scores do, float64 [n].
        values: The score of each key, or None: see `boxgauge.engine.sortable`.
        rank: Place in its image and class, int64 [n].
        outcome: 0 false positive, 1 true positive, 2 ignored, int8 [n].
        positives: Ground truths by class, int64 [classes].
        maximum: Detections an image and class that are kept.
    """

    label: NDArray[np.unsignedinteger[Any]]
    keys: NDArray[np.float64]
    values: NDArray[np.float64] | None
    rank: NDArray[np.int64]
    outcome: NDArray[np.int8]
    positives: NDArray[np.int64]
    maximum: int

    @classmethod
    def of(
        cls, snapshot: TallySnapshot, classes: int, settings: EvaluationSettings, cut: Cut
    ) -> "CutColumns":
        """Return the columns of a tally at a cut."""
        _, columns = snapshot.ordered()
        areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
        # A spare pattern, so that there is one even without detections.
        outcomes = unpack_patterns(snapshot.patterns or (b"",), areas, thresholds)
        maximum = settings.max_detections[cut.maximum]
        kept = columns.ranks < maximum
        keys, values = sortable(columns.scores[kept])
        counted = (columns.truth_counted.astype(np.uint32) >> np.uint32(cut.area)) & 1 == 1
        return cls(
            label=columns.labels[kept],
            keys=keys,
            values=values,
            rank=columns.ranks[kept].astype(np.int64),
            outcome=outcomes[:, cut.area, cut.threshold].astype(np.int8)[columns.codes[kept]],
            positives=np.bincount(columns.truth_labels[counted], minlength=classes),
            maximum=maximum,
        )

    def for_report(self) -> Columns:
        """Return what the report graph takes: rows by class, then falling score."""
        order = report_order(self.label.astype(np.uint64), self.keys)
        return Columns(
            label=self.label[order].astype(np.int64),
            scores=self.keys[order],
            rank=self.rank[order],
            # Each outcome is a pattern of its own.
            code=self.outcome[order].astype(np.int64),
            outcomes=np.arange(3, dtype=np.int64)[:, None, None],
            positives=self.positives[:, None],
            max_detections=np.array([self.maximum], dtype=np.int64),
        )
