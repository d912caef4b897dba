"""Reports as the service sends them; absent is None, never -1 or NaN."""

from dataclasses import dataclass, field

from boxgauge.client import report_parts_in as parts
from boxgauge.client.report_parts import (
    Calibration,
    Drift,
    Estimate,
    Interval,
    LabelDelay,
    LossSummary,
    PrecisionCurve,
    ScorePoint,
    SourceCount,
    StatisticIntervals,
    Window,
    WorstImage,
)
from boxgauge.client.report_parts_in import optional
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
_KNOWN_AS = {field: name for name, field in STATISTICS.items()}


@dataclass(frozen=True, slots=True)
class ClassStatistics:
    """Average precision and recall of one class, all areas, the last max_detections.

    Attributes:
        ap_certified: Contains the exact ``ap`` for certain; None where ``ap`` is exact.
        ap_confidence: 95% confidence interval of ``ap``; None where undefined.
        best_threshold: With the highest F1; None where no threshold has a true positive.
    """

    id: int
    name: str
    ap: float | None
    ap50: float | None
    ap75: float | None
    ar: float | None
    positives: int
    detections: int
    ap_certified: Interval | None = None
    ap_confidence: Interval | None = None
    best_threshold: ScorePoint | None = None


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
        window: Over which images; None from an evaluation.
        slice: ``key=value``; empty: all images.
        intervals: How sure each statistic is, by its name; empty from an evaluation.
        best_threshold: With the highest F1 over all classes together; None where undefined.
        curves: Precision over recall.
        calibration: What scores mean.
        loss_summaries: One a configured loss.
        worst_images: Images with the most errors, worst first.
        label_sources: How the labelled images were chosen; more than one biases every figure.
        label_delay: How long labels took.
        drift: Predictions against a reference.
        estimate: What to expect before labels come. An estimate.
        watermark_us: The monitor's highest event time, microseconds since 1970; 0: none.
        age_s: Seconds since the state that this report reflects was the newest.
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
    window: Window | None = None
    slice: str = ""
    intervals: dict[str, StatisticIntervals] = field(default_factory=dict)
    best_threshold: ScorePoint | None = None
    curves: tuple[PrecisionCurve, ...] = ()
    calibration: Calibration | None = None
    loss_summaries: tuple[LossSummary, ...] = ()
    worst_images: tuple[WorstImage, ...] = ()
    label_sources: tuple[SourceCount, ...] = ()
    label_delay: LabelDelay | None = None
    drift: Drift | None = None
    estimate: Estimate | None = None
    watermark_us: int = 0
    age_s: float = 0


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


def known_name(field_name: str) -> str:
    """Return the name under which a statistic is known: ``AP50`` for ``ap50``."""
    return _KNOWN_AS.get(field_name, field_name)


def report_from(message: pb.Report) -> Report:
    """Return the report that a message carries."""
    return Report(
        statistics={
            name: optional(message.statistics, field) for name, field in STATISTICS.items()
        },
        classes=tuple(_class_from(each) for each in message.classes),
        operating_point=_operating_point_from(message.operating_point),
        losses=MeanLosses(optional(message.losses, "giou"), optional(message.losses, "bce")),
        images=message.images,
        predicted_images=message.predicted_images,
        labelled_images=message.labelled_images,
        label_coverage=optional(message, "label_coverage"),
        positives=message.positives,
        detections=message.detections,
        notes=tuple(message.notes),
        window=parts.window_from(message),
        slice=message.slice,
        intervals={known_name(each.name): parts.intervals_from(each) for each in message.intervals},
        best_threshold=parts.score_point_from(message),
        curves=tuple(parts.curve_from(each) for each in message.curves),
        calibration=parts.calibration_from(message),
        loss_summaries=tuple(parts.loss_summary_from(each) for each in message.loss_summaries),
        worst_images=tuple(parts.worst_image_from(each) for each in message.worst_images),
        label_sources=tuple(parts.source_from(each) for each in message.label_sources),
        label_delay=parts.label_delay_from(message),
        drift=parts.drift_from(message),
        estimate=parts.estimate_from(message),
        watermark_us=message.watermark_us,
        age_s=message.age_s,
    )


def _class_from(message: pb.ClassStatistics) -> ClassStatistics:
    return ClassStatistics(
        id=message.object_class.id,
        name=message.object_class.name,
        ap=optional(message, "ap"),
        ap50=optional(message, "ap50"),
        ap75=optional(message, "ap75"),
        ar=optional(message, "ar"),
        positives=message.positives,
        detections=message.detections,
        ap_certified=parts.interval_from(message, "ap_certified"),
        ap_confidence=parts.interval_from(message, "ap_confidence"),
        best_threshold=parts.score_point_from(message),
    )


def _operating_point_from(message: pb.OperatingPoint) -> OperatingPoint:
    return OperatingPoint(
        iou_threshold=message.iou_threshold,
        score_threshold=message.score_threshold,
        precision=optional(message, "precision"),
        recall=optional(message, "recall"),
        true_positives=message.true_positives,
        false_positives=message.false_positives,
        false_negatives=message.false_negatives,
    )
