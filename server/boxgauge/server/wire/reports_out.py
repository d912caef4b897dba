"""Reports, monitors and refusals as messages."""

import time

import grpc

from boxgauge.engine.online.windows import Span, Window
from boxgauge.engine.report import Report
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.monitor.sides import Refusal, Side
from boxgauge.server.wire.predicted_out import drift_out, estimate_out
from boxgauge.server.wire.quality_out import add_quality, image_id_out
from boxgauge.server.wire.settings_wire import class_out
from boxgauge.v1 import frames_pb2, report_pb2

MAX_TEXT = 1000  # longer texts would not fit beside others into one answer
_SIDES = {
    Side.PREDICTIONS: frames_pb2.SIDE_PREDICTIONS,
    Side.GROUND_TRUTH: frames_pb2.SIDE_GROUND_TRUTH,
}


def report_out(report: Report) -> report_pb2.Report:
    """Return the message; what is None stays absent."""
    point = report.operating_point
    return report_pb2.Report(
        statistics=_statistics(report),
        classes=[
            report_pb2.ClassStatistics(
                object_class=class_out(each.object_class),
                ap=each.ap,
                ap50=each.ap50,
                ap75=each.ap75,
                ar=each.ar,
                positives=each.positives,
                detections=each.detections,
            )
            for each in report.classes
        ],
        operating_point=report_pb2.OperatingPoint(
            iou_threshold=point.iou_threshold,
            score_threshold=point.score_threshold,
            precision=point.precision,
            recall=point.recall,
            true_positives=point.true_positives,
            false_positives=point.false_positives,
            false_negatives=point.false_negatives,
        ),
        losses=report_pb2.MeanLosses(giou=report.losses.giou, bce=report.losses.bce),
        images=report.images,
        positives=report.positives,
        detections=report.detections,
        notes=report.notes,
    )


def monitor_report_out(made: MonitorReport) -> report_pb2.Report:
    """Return the message with what the monitor knows beside the engine's report."""
    quality = made.quality
    message = report_out(made.report)
    message.predicted_images = made.predicted_images
    message.labelled_images = made.labelled_images
    if made.label_coverage is not None:
        message.label_coverage = made.label_coverage
    message.window.CopyFrom(window_out(made.window, made.span))
    message.slice = made.slice
    message.watermark_us = made.watermark_us
    message.age_s = max(time.monotonic() - made.made_at, 0.0)
    add_quality(message, quality)
    if made.drift is not None:
        message.drift.CopyFrom(drift_out(made.drift))
    if made.estimate is not None:
        message.estimate.CopyFrom(estimate_out(made.estimate))
    return message


def window_out(window: Window, span: Span) -> report_pb2.Window:
    """Return the message for a window and the event times that it was found to have."""
    return report_pb2.Window(name=window.name, from_us=span.from_us, until_us=span.until_us)


def refusal_out(refusal: Refusal) -> frames_pb2.FrameError:
    """Return the message that says why one frame was refused."""
    error = refusal.error
    message = frames_pb2.FrameError(
        side=_SIDES[refusal.side],
        code=grpc.StatusCode[error.status].value[0],
        message=str(error)[:MAX_TEXT],
        field=error.field[:MAX_TEXT],
        value=error.value[:MAX_TEXT],
    )
    if refusal.image_id is not None:
        message.image_id.CopyFrom(image_id_out(refusal.image_id))
    return message


def _statistics(report: Report) -> report_pb2.Statistics:
    given = report.statistics
    return report_pb2.Statistics(
        ap=given.AP,
        ap50=given.AP50,
        ap75=given.AP75,
        ap_small=given.APs,
        ap_medium=given.APm,
        ap_large=given.APl,
        ar_first=given.AR1,
        ar_second=given.AR10,
        ar_last=given.AR100,
        ar_small=given.ARs,
        ar_medium=given.ARm,
        ar_large=given.ARl,
    )
