"""What an evaluation or a monitor asks for; what is left out is COCO's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from boxgauge.client.checks import check_text
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import report_pb2


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
    """Return the settings as the contract carries them.

    Raises:
        InvalidInputError: A value is of a type that the contract does not carry.
    """
    if not isinstance(settings, EvaluationSettings):
        raise InvalidInputError.at("settings", repr(settings), "EvaluationSettings")
    try:
        return _message(settings)
    except (TypeError, ValueError, AttributeError) as error:
        wanted = "numbers, and areas of (name, low, high)"
        raise InvalidInputError.at("settings", repr(settings), wanted) from error


def _message(settings: EvaluationSettings) -> report_pb2.EvaluationSettings:
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


def evaluation_from(message: report_pb2.EvaluationSettings) -> EvaluationSettings:
    """Return the settings that a message carries."""
    return EvaluationSettings(
        iou_thresholds=tuple(message.iou_thresholds),
        areas=tuple((each.name, each.low, each.high) for each in message.areas),
        max_detections=tuple(message.max_detections),
        strict=message.strict,
        score_threshold=message.score_threshold if message.HasField("score_threshold") else None,
    )


def class_messages(classes: Mapping[int, str]) -> list[report_pb2.ObjectClass]:
    """Return class names by id as the contract carries them."""
    if not isinstance(classes, Mapping):
        raise InvalidInputError.at("classes", repr(classes), "a mapping of names by id: {1: 'cat'}")
    return [_class_message(class_id, name) for class_id, name in classes.items()]


def _class_message(class_id: object, name: object) -> report_pb2.ObjectClass:
    if isinstance(class_id, bool) or not isinstance(class_id, int | np.integer):
        raise InvalidInputError.at("classes", repr(class_id), "whole numbers as ids: {1: 'cat'}")
    if not -(2**63) <= class_id < 2**63:
        raise InvalidInputError.at("classes", class_id, "64-bit integers as ids")
    field = f"classes[{class_id}]"
    if not isinstance(name, str):
        raise InvalidInputError.at(field, repr(name), "a name")
    return report_pb2.ObjectClass(id=int(class_id), name=check_text(name, field))
