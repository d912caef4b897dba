"""The operating point: which threshold stands for "matched" where one number is wanted."""

from boxgauge.engine.settings import EvaluationSettings

OPERATING_IOU = 0.5


def operating_threshold(settings: EvaluationSettings) -> int:
    """Return the position of IoU 0.5 among the thresholds, or of the lowest one without it."""
    ious = settings.iou_thresholds
    return ious.index(OPERATING_IOU) if OPERATING_IOU in ious else 0
