"""Reports as the service sends them; absent is None, never -1 or NaN."""

from dataclasses import dataclass
from typing import Any

from boxgauge.v1 import evaluation_pb2, monitor_pb2
from boxgauge.v1 import report_pb2 as pb

# The names under which COCO's 12 statistics are known, in their order.
STATISTICS = {
    "AP": "ap",
    "AP50": "ap50",
    "AP75": "ap75",
    "APs": "ap_small",
    "APm": "ap_medium",
    "APl": "ap_large",
    "AR1": "ar_first",
    "AR10": "ar_second",
    "AR100": "ar_last",
    "ARs": "ar_small",
    "ARm": "ar_medium",
    "ARl": "ar_large",
}


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """Average precision and recall of one class, all areas, the last max_detections."""

    id: int
    name: str
    ap: float | None
    ap50: float | None
    ap75: float | None
    ar: float | None
    positives: int
    detections: int


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Precision and recall at one IoU threshold and one score threshold."""

    iou_threshold: float
    score_threshold: float
    precision: float | None
    recall: float | None
    true_positives: int
    false_positives: int
    false_negatives: int


@dataclass(frozen=True, slots=True)
class MeanLosses:
    """Mean 1 - GIoU over matched pairs, mean BCE of score against matched or not."""

    giou: float | None
    bce: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """One report over everything seen with both sides.

    Attributes:
        statistics: COCO's 12, by the names AP, AP50, AP75, APs, APm, APl, AR1, AR10,
            AR100, ARs, ARm, ARl; None where undefined.
        classes: By ascending id.
        operating_point: Precision, recall and counts.
        losses: Mean losses.
        images: Images with both sides.
        predicted_images: Images with predictions.
        labelled_images: Images with ground truth.
        label_coverage: Share of predicted images with ground truth; None without any.
        positives: Ground truths that count.
        detections: Detections of the images with both sides.
        notes: Where the answer differs from pycocotools' known faults.
    """

    statistics: dict[str, float | None]
    classes: tuple[ClassStatistics, ...]
    operating_point: OperatingPoint
    losses: MeanLosses
    images: int
    predicted_images: int
    labelled_images: int
    label_coverage: float | None
    positives: int
    detections: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """A report and the model that it speaks of."""

    model: str
    report: Report


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """A report and how many detections were dropped since their class is not listed."""

    report: Report
    dropped_detections: int


def monitor_report_from(
    message: monitor_pb2.GetReportResponse | monitor_pb2.WatchReportResponse,
) -> MonitorReport:
    """Return the report that a message carries, and its model."""
    return MonitorReport(message.model, report_from(message.report))


def evaluation_result_from(message: evaluation_pb2.EvaluateResponse) -> EvaluationResult:
    """Return the result that a message carries."""
    return EvaluationResult(report_from(message.report), message.dropped_detections)


def report_from(message: pb.Report) -> Report:
    """Return the report that a message carries."""
    return Report(
        statistics={
            name: _optional(message.statistics, field) for name, field in STATISTICS.items()
        },
        classes=tuple(_class_from(each) for each in message.classes),
        operating_point=_operating_point_from(message.operating_point),
        losses=MeanLosses(_optional(message.losses, "giou"), _optional(message.losses, "bce")),
        images=message.images,
        predicted_images=message.predicted_images,
        labelled_images=message.labelled_images,
        label_coverage=_optional(message, "label_coverage"),
        positives=message.positives,
        detections=message.detections,
        notes=tuple(message.notes),
    )


def _class_from(message: pb.ClassStatistics) -> ClassStatistics:
    return ClassStatistics(
        id=message.object_class.id,
        name=message.object_class.name,
        ap=_optional(message, "ap"),
        ap50=_optional(message, "ap50"),
        ap75=_optional(message, "ap75"),
        ar=_optional(message, "ar"),
        positives=message.positives,
        detections=message.detections,
    )


def _operating_point_from(message: pb.OperatingPoint) -> OperatingPoint:
    return OperatingPoint(
        iou_threshold=message.iou_threshold,
        score_threshold=message.score_threshold,
        precision=_optional(message, "precision"),
        recall=_optional(message, "recall"),
        true_positives=message.true_positives,
        false_positives=message.false_positives,
        false_negatives=message.false_negatives,
    )


def _optional(message: Any, field: str) -> float | None:  # noqa: ANN401  # any message
    return getattr(message, field) if message.HasField(field) else None
