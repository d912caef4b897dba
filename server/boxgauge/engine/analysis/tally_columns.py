"""The columns of a tally at one IoU threshold, area range and maximum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.analysis.places import place_of
from boxgauge.engine.curves import Columns
from boxgauge.engine.matches import unpack_pattern
from boxgauge.engine.operating import operating_threshold
from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sortable import sortable
from boxgauge.engine.tally import TallySnapshot


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


def columns_of(
    snapshot: TallySnapshot, classes: int, settings: EvaluationSettings, cut: Cut
) -> tuple[Columns, NDArray[np.float64] | None]:
    """Return what the report graph takes, and the score of each sortable key.

    See `boxgauge.engine.sortable`; outcomes have one area range and one threshold.
    """
    areas, thresholds = len(settings.areas), len(settings.iou_thresholds)
    outcomes = np.zeros((max(len(snapshot.patterns), 1), 1, 1), dtype=np.int64)
    for k, pattern in enumerate(snapshot.patterns):
        outcomes[k] = unpack_pattern(pattern, areas, thresholds)[cut.area, cut.threshold]
    rows, truths = snapshot.rows, snapshot.truths
    kept = rows[rows["rank"] < settings.max_detections[cut.maximum]]
    keys, values = sortable(np.ascontiguousarray(kept["score"]))
    counted = (truths["counted"] >> np.uint32(cut.area)) & 1 == 1
    positives = np.bincount(truths["label"][counted], minlength=classes)
    columns = Columns(
        label=kept["label"].astype(np.int64),
        scores=keys,
        rank=kept["rank"].astype(np.int64),
        code=kept["code"].astype(np.int64),
        outcomes=outcomes,
        positives=positives.astype(np.int64)[:, None],
        max_detections=np.array([settings.max_detections[cut.maximum]], dtype=np.int64),
    )
    return columns, values
