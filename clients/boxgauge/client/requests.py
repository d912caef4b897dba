"""Requests, built once for both kinds of client."""

from collections.abc import Mapping, Sequence

from boxgauge.client.batches import Batch, to_message
from boxgauge.client.checks import check_text
from boxgauge.client.settings import EvaluationSettings, class_messages, evaluation_message
from boxgauge.frames import InvalidInputError
from boxgauge.v1 import evaluation_pb2, monitor_pb2


def observe_request(
    monitor: str, model: str, sequence: int, batches: Batch | Sequence[Batch]
) -> monitor_pb2.ObserveRequest:
    """Return one message of an observed stream."""
    return monitor_pb2.ObserveRequest(
        monitor=check_text(monitor, "monitor"),
        model=check_text(model, "model"),
        sequence=sequence,
        frames=to_message(batches),
    )


def report_request(monitor: str, model: str) -> monitor_pb2.GetReportRequest:
    """Return the question for a monitor's report."""
    return monitor_pb2.GetReportRequest(
        monitor=check_text(monitor, "monitor"), model=check_text(model, "model")
    )


def watch_request(monitor: str, model: str, interval_s: float) -> monitor_pb2.WatchReportRequest:
    """Return the question for a monitor's reports as they change."""
    if not isinstance(interval_s, int | float):
        raise InvalidInputError.at("interval_s", repr(interval_s), "seconds")
    return monitor_pb2.WatchReportRequest(
        monitor=check_text(monitor, "monitor"),
        model=check_text(model, "model"),
        interval_s=interval_s,
    )


def first_evaluate_request(
    classes: Mapping[int, str], settings: EvaluationSettings
) -> evaluation_pb2.EvaluateRequest:
    """Return the message that opens an evaluation."""
    return evaluation_pb2.EvaluateRequest(
        settings=evaluation_pb2.EvaluateSettings(
            classes=class_messages(classes), evaluation=evaluation_message(settings)
        )
    )


def evaluate_request(batches: Batch | Sequence[Batch]) -> evaluation_pb2.EvaluateRequest:
    """Return one message of frames to evaluate."""
    return evaluation_pb2.EvaluateRequest(frames=to_message(batches))
