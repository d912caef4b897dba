"""Classes and evaluation settings, from and to the contract."""

from collections.abc import Iterable

from boxgauge.engine.settings import (
    AreaRange,
    EvaluationSettings,
    ObjectClass,
    check_classes,
)
from boxgauge.v1 import report_pb2 as pb


def classes_in(messages: Iterable[pb.ObjectClass]) -> tuple[ObjectClass, ...]:
    """Return the classes in ascending id.

    Raises:
        InvalidInputError: There is none, or an id or a name occurs twice or is empty.
    """
    return check_classes(ObjectClass(each.id, each.name) for each in messages)


def evaluation_in(message: pb.EvaluationSettings) -> EvaluationSettings:
    """Return the settings; what is empty or absent takes COCO's own value.

    Raises:
        InvalidInputError: A value is out of its range.
    """
    default = EvaluationSettings()
    threshold = message.score_threshold if message.HasField("score_threshold") else None
    return EvaluationSettings(
        iou_thresholds=tuple(message.iou_thresholds) or default.iou_thresholds,
        areas=tuple(AreaRange(each.name, each.low, each.high) for each in message.areas)
        or default.areas,
        max_detections=tuple(message.max_detections) or default.max_detections,
        strict=message.strict,
        score_threshold=default.score_threshold if threshold is None else threshold,
    )


def class_out(object_class: ObjectClass) -> pb.ObjectClass:
    """Return the message for one class."""
    return pb.ObjectClass(id=object_class.id, name=object_class.name)


def evaluation_out(settings: EvaluationSettings) -> pb.EvaluationSettings:
    """Return the message with every value filled in."""
    return pb.EvaluationSettings(
        iou_thresholds=settings.iou_thresholds,
        areas=[pb.AreaRange(name=a.name, low=a.low, high=a.high) for a in settings.areas],
        max_detections=settings.max_detections,
        strict=settings.strict,
        score_threshold=settings.score_threshold,
    )
