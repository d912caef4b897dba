"""Precision over recall as shown: few curves, each the mean over classes."""

import numpy as np
from numpy.typing import NDArray

from boxgauge.engine.settings import EvaluationSettings
from boxgauge.engine.sketch.bounds import CertifiedCurves
from boxgauge.engine.statistics import overall_name


def shown_curves(
    bounds: CertifiedCurves, settings: EvaluationSettings
) -> tuple[tuple[str, NDArray[np.float64]], ...]:
    """Return precision at 101 recalls, mean over classes with ground truth, by IoU.

    Of a sketch it is the middle of the bounds. Without ground truth there is no curve.
    """
    defined = bounds.recall[0, :, 0, 0] > -1
    if not defined.any():
        return ()
    ious = settings.iou_thresholds
    low, high = (each[:, :, defined, 0, 0].mean(axis=2) for each in (bounds.low, bounds.high))
    middle = (low + high) / 2
    named = tuple((f"{iou:.2f}", middle[ious.index(iou)]) for iou in (0.5, 0.75) if iou in ious)
    return (*named, (overall_name(settings), middle.mean(axis=0)))
