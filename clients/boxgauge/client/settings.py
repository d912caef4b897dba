"""What an evaluation or a monitor asks for; what is left out is COCO's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxgauge.v1 import monitor_pb2, report_pb2


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Thresholds; an empty sequence means COCO's own values.

    Attributes:
        iou_thresholds: Ascending, in (0, 1].
        areas: (name, low, high) in px², both ends included; the first is "all".
        max_detections: Detections an image and class, ascending.
        strict: Reproduce pycocotools with its known faults.
        score_threshold: Score from which a detection counts in precision, recall, TP,
            FP and FN; None: the service's own.
    """

    iou_thresholds: Sequence[float] = ()
    areas: Sequence[tuple[str, float, float]] = ()
    max_detections: Sequence[int] = ()
    strict: bool = False
    score_threshold: float | None = None


def evaluation_message(settings: EvaluationSettings) -> report_pb2.EvaluationSettings:
    """Return the settings as the contract carries them."""
    return report_pb2.EvaluationSettings(
        iou_thresholds=settings.iou_thresholds,
        areas=[
            report_pb2.AreaRange(name=name, low=low, high=high)
            for name, low, high in settings.areas
        ],
        max_detections=settings.max_detections,
        strict=settings.strict,
        score_threshold=settings.score_threshold,
    )


def class_messages(classes: Mapping[int, str]) -> list[report_pb2.ObjectClass]:
    """Return class names by id as the contract carries them."""
    return [report_pb2.ObjectClass(id=class_id, name=name) for class_id, name in classes.items()]


def monitor_message(
    classes: Mapping[int, str], settings: EvaluationSettings
) -> monitor_pb2.MonitorSettings:
    """Return a monitor's settings as the contract carries them."""
    return monitor_pb2.MonitorSettings(
        classes=class_messages(classes), evaluation=evaluation_message(settings)
    )
