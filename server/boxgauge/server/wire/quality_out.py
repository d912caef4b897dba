"""How sure a report is and what else it says, as messages."""

from dataclasses import fields

from boxgauge.engine.analysis import Interval, ScorePoint
from boxgauge.engine.online.compared import PairedDifference
from boxgauge.engine.online.quality import (
    LabelDelay,
    LossSummary,
    Quality,
    ScoreCalibration,
    WorstImage,
)
from boxgauge.engine.report import Statistics
from boxgauge.frames import ImageId
from boxgauge.server.monitor.reports import MonitorComparison
from boxgauge.v1 import frames_pb2
from boxgauge.v1 import report_pb2 as pb

# The contract's names of the statistics, in their order; the last part is their name in `Report`.
_NAMES = dict(
    zip(
        (each.name for each in fields(Statistics)),
        (each.name for each in pb.Statistics.DESCRIPTOR.fields),
        strict=True,
    )
)


def add_quality(message: pb.Report, quality: Quality) -> None:
    """Fill in what goes beyond COCO's statistics; what is None stays absent."""
    message.intervals.extend(_intervals(quality))
    _add_classes(message, quality)
    if quality.best is not None:
        message.best_threshold.CopyFrom(_point(quality.best))
    for iou, precision in quality.curves:
        message.curves.add(iou=iou, precision=precision.tolist())
    message.calibration.CopyFrom(_calibration(quality.calibration))
    message.loss_summaries.extend(_loss(each) for each in quality.losses)
    message.worst_images.extend(_worst(each) for each in quality.worst)
    for source, images in quality.sources:
        message.label_sources.add(source=source, images=images)
    if quality.delay is not None:
        message.label_delay.CopyFrom(_delay(quality.delay))


def comparison_out(made: MonitorComparison) -> pb.Comparison:
    """Return the message for two models on the same images."""
    return pb.Comparison(
        champion=made.champion,
        challenger=made.challenger,
        images=made.quality.images,
        statistics=[
            _difference(_NAMES[name], each) for name, each in made.quality.statistics.items()
        ],
        window=pb.Window(
            name=made.window.name, from_us=made.span.from_us, until_us=made.span.until_us
        ),
        slice=made.slice,
    )


def image_id_out(image_id: ImageId) -> frames_pb2.ImageId:
    """Return the message for one image id."""
    if isinstance(image_id, str):
        return frames_pb2.ImageId(string=image_id)
    return frames_pb2.ImageId(integer=image_id)


def _intervals(quality: Quality) -> list[pb.StatisticIntervals]:
    found = []
    low, high = quality.low, quality.high
    for name, shown in _NAMES.items():
        message = pb.StatisticIntervals(name=shown)
        if low is not None and high is not None:
            ends = getattr(low.statistics, name), getattr(high.statistics, name)
            if None not in ends:
                message.certified.CopyFrom(pb.Interval(low=ends[0], high=ends[1]))
        if quality.confidence is not None:
            _set(message.confidence, quality.confidence.statistics[name])
        if message.HasField("certified") or message.HasField("confidence"):
            found.append(message)
    return found


def _add_classes(message: pb.Report, quality: Quality) -> None:
    confidence = quality.confidence
    for k, each in enumerate(message.classes):
        if quality.low is not None and quality.high is not None:
            low, high = quality.low.classes[k].ap, quality.high.classes[k].ap
            if low is not None and high is not None:
                each.ap_certified.CopyFrom(pb.Interval(low=low, high=high))
        if confidence is not None:
            _set(each.ap_confidence, confidence.class_ap[k][1])
        best = quality.class_best[k] if quality.class_best else None
        if best is not None:
            each.best_threshold.CopyFrom(_point(best))


def _set(message: pb.Interval, interval: Interval) -> None:
    if interval.low is not None and interval.high is not None:
        message.CopyFrom(pb.Interval(low=interval.low, high=interval.high))


def _point(point: ScorePoint) -> pb.ScorePoint:
    return pb.ScorePoint(
        score_threshold=point.score_threshold,
        precision=point.precision,
        recall=point.recall,
        f_beta=point.f_beta,
        true_positives=point.true_positives,
        false_positives=point.false_positives,
        false_negatives=point.false_negatives,
    )


def _calibration(calibration: ScoreCalibration) -> pb.ScoreCalibration:
    return pb.ScoreCalibration(
        d_ece=calibration.d_ece,
        edges=calibration.edges.tolist(),
        detections=calibration.detections.tolist(),
        true_positives=calibration.true_positives.tolist(),
        mean_scores=calibration.mean_scores.tolist(),
    )


def _loss(loss: LossSummary) -> pb.LossSummary:
    return pb.LossSummary(
        name=loss.name,
        count=loss.count,
        mean=loss.mean,
        edges=loss.edges.tolist(),
        counts=loss.counts.tolist(),
        not_finite=loss.not_finite,
    )


def _worst(image: WorstImage) -> pb.WorstImage:
    return pb.WorstImage(
        image_id=image_id_out(image.image_id), errors=image.errors, loss=image.loss
    )


def _delay(delay: LabelDelay) -> pb.LabelDelay:
    return pb.LabelDelay(
        count=delay.count, mean_s=delay.mean_s, median_s=delay.median_s, p95_s=delay.p95_s
    )


def _difference(name: str, of: PairedDifference) -> pb.StatisticDifference:
    message = pb.StatisticDifference(
        name=name,
        champion=of.champion,
        challenger=of.challenger,
        difference=of.difference,
        p_value=of.p_value,
    )
    if of.low is not None and of.high is not None:
        message.confidence.CopyFrom(pb.Interval(low=of.low, high=of.high))
    return message
