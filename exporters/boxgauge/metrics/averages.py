"""The means of COCO's curves that a summary states, summed by numpy as pycocotools does."""

from typing import Literal, NamedTuple

import numpy as np

from boxgauge.metrics.options import Options
from boxgauge.metrics.report import Curves

_SUMMARY_IOUS = (0.5, 0.75)


class Cut(NamedTuple):
    """One mean over all classes: of precision (AP) or of recall (AR).

    Attributes:
        iou: None: the mean over all thresholds.
        area: Place of the area range.
        most: Place of the maximum.
    """

    curve: Literal["precision", "recall"]
    iou: float | None
    area: int
    most: int


def summary_cuts(options: Options) -> list[Cut]:
    """Return the means of COCO's summary in its order, as far as the options have them.

    AP over the first area range, at 0.5 and at 0.75, and over each further area; AR at each
    maximum, and over each further area.
    """
    last = len(options.max_detections) - 1
    further = range(1, len(options.areas))
    return [
        Cut("precision", None, 0, last),
        *(Cut("precision", iou, 0, last) for iou in options.iou_thresholds if iou in _SUMMARY_IOUS),
        *(Cut("precision", None, area, last) for area in further),
        *(Cut("recall", None, 0, most) for most in range(last + 1)),
        *(Cut("recall", None, area, last) for area in further),
    ]


def average(
    curves: Curves, options: Options, cut: Cut, class_place: int | None = None
) -> float | None:
    """Return the mean of the entries that are defined, of all classes or one; None without any."""
    values = curves.precision if cut.curve == "precision" else curves.recall
    chosen = values[..., cut.area, cut.most]
    if cut.iou is not None:
        place = options.iou_thresholds.index(cut.iou)
        chosen = chosen[place : place + 1]
    if class_place is not None:
        chosen = chosen[..., class_place]
    array = chosen.cpu().numpy()
    defined = array[array > -1]
    return float(np.mean(defined)) if defined.size else None
