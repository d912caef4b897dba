"""The parts of reports, read from the contract's messages; absent becomes None."""

from typing import Any

from boxgauge.client.report_parts import (
    Calibration,
    Drift,
    DriftFeature,
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
from boxgauge.frames import ImageId
from boxgauge.v1 import frames_pb2, report_pb2


def optional(message: Any, field: str) -> Any:  # noqa: ANN401  # any message, any field of it
    """Return a field that may be absent: then None."""
    return getattr(message, field) if message.HasField(field) else None


def interval_from(message: Any, field: str) -> Interval | None:  # noqa: ANN401  # three messages
    """Return an interval that may be absent."""
    found = optional(message, field)
    return None if found is None else Interval(found.low, found.high)


def intervals_from(message: report_pb2.StatisticIntervals) -> StatisticIntervals:
    """Return how sure one statistic is."""
    return StatisticIntervals(
        interval_from(message, "certified"), interval_from(message, "confidence")
    )


def score_point_from(message: Any) -> ScorePoint | None:  # noqa: ANN401  # two messages
    """Return the best threshold of a report or a class, which may be absent."""
    found = optional(message, "best_threshold")
    if found is None:
        return None
    return ScorePoint(
        score_threshold=found.score_threshold,
        precision=optional(found, "precision"),
        recall=optional(found, "recall"),
        f_beta=optional(found, "f_beta"),
        true_positives=found.true_positives,
        false_positives=found.false_positives,
        false_negatives=found.false_negatives,
    )


def curve_from(message: report_pb2.PrecisionCurve) -> PrecisionCurve:
    """Return one curve."""
    return PrecisionCurve(message.iou, tuple(message.precision))


def calibration_from(message: report_pb2.Report) -> Calibration | None:
    """Return what scores mean."""
    found = optional(message, "calibration")
    if found is None:
        return None
    return Calibration(
        d_ece=optional(found, "d_ece"),
        edges=tuple(found.edges),
        detections=tuple(found.detections),
        true_positives=tuple(found.true_positives),
        mean_scores=tuple(found.mean_scores),
    )


def loss_summary_from(message: report_pb2.LossSummary) -> LossSummary:
    """Return one loss."""
    return LossSummary(
        name=message.name,
        count=message.count,
        mean=optional(message, "mean"),
        edges=tuple(message.edges),
        counts=tuple(message.counts),
        not_finite=message.not_finite,
    )


def worst_image_from(message: report_pb2.WorstImage) -> WorstImage:
    """Return one image."""
    return WorstImage(image_id_from(message.image_id), message.errors, optional(message, "loss"))


def image_id_from(message: frames_pb2.ImageId) -> ImageId | None:
    """Return an image id, or None where there is none."""
    kind = message.WhichOneof("id")
    return None if kind is None else getattr(message, kind)


def source_from(message: report_pb2.SourceCount) -> SourceCount:
    """Return one source of labels."""
    return SourceCount(message.source, message.images)


def label_delay_from(message: report_pb2.Report) -> LabelDelay | None:
    """Return how long labels took."""
    found = optional(message, "label_delay")
    if found is None:
        return None
    return LabelDelay(found.count, found.mean_s, found.median_s, found.p95_s)


def drift_from(message: report_pb2.Report) -> Drift | None:
    """Return how predictions differ from those of the reference."""
    found = optional(message, "drift")
    if found is None:
        return None
    features = tuple(_feature_from(each) for each in found.features)
    return Drift(features, found.reference_images, found.current_images, found.reason)


def _feature_from(message: report_pb2.DriftFeature) -> DriftFeature:
    return DriftFeature(
        name=message.name,
        psi=message.psi,
        ks=optional(message, "ks"),
        wasserstein=optional(message, "wasserstein"),
        jensen_shannon=message.jensen_shannon,
        p_value=message.p_value,
        drifted=message.drifted,
        edges=tuple(message.edges),
        reference=tuple(message.reference),
        current=tuple(message.current),
    )


def estimate_from(message: report_pb2.Report) -> Estimate | None:
    """Return what to expect before labels come."""
    found = optional(message, "estimate")
    if found is None:
        return None
    return Estimate(
        precision=optional(found, "precision"),
        ap50=optional(found, "ap50"),
        images=found.images,
        calibration_images=found.calibration_images,
        ap50_error=optional(found, "ap50_error"),
        reason=found.reason,
    )


def window_from(message: Any) -> Window | None:  # noqa: ANN401  # three messages
    """Return over which images something is."""
    found = optional(message, "window")
    return None if found is None else Window(found.name, found.from_us, found.until_us)
