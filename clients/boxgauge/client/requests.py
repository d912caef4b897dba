"""Requests, built once for both kinds of client."""

from collections.abc import Mapping, Sequence

from boxgauge.client.checks import check_text
from boxgauge.client.messages import Batch, to_message
from boxgauge.client.monitor_settings import MonitorSettings, monitor_message
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


def create_request(
    monitor: str, classes: Mapping[int, str], settings: EvaluationSettings | MonitorSettings
) -> monitor_pb2.CreateMonitorRequest:
    """Return the request for a new monitor."""
    return monitor_pb2.CreateMonitorRequest(
        monitor=check_text(monitor, "monitor"), settings=monitor_message(classes, settings)
    )


def report_request(
    monitor: str, model: str, window: str, slice: str, max_age_s: float
) -> monitor_pb2.GetReportRequest:
    """Return the question for a monitor's report."""
    return monitor_pb2.GetReportRequest(
        monitor=check_text(monitor, "monitor"),
        model=check_text(model, "model"),
        window=check_text(window, "window"),
        slice=check_text(slice, "slice"),
        max_age_s=_seconds(max_age_s, "max_age_s"),
    )


def watch_request(
    monitor: str, model: str, window: str, slice: str, interval_s: float
) -> monitor_pb2.WatchReportRequest:
    """Return the question for a monitor's reports as they change."""
    return monitor_pb2.WatchReportRequest(
        monitor=check_text(monitor, "monitor"),
        model=check_text(model, "model"),
        window=check_text(window, "window"),
        slice=check_text(slice, "slice"),
        interval_s=_seconds(interval_s, "interval_s"),
    )


def compare_request(
    monitor: str, champion: str, challenger: str, window: str, slice: str
) -> monitor_pb2.CompareModelsRequest:
    """Return the question for the comparison of two models."""
    return monitor_pb2.CompareModelsRequest(
        monitor=check_text(monitor, "monitor"),
        champion=check_text(champion, "champion"),
        challenger=check_text(challenger, "challenger"),
        window=check_text(window, "window"),
        slice=check_text(slice, "slice"),
    )


def export_request(monitor: str, model: str, window: str) -> monitor_pb2.ExportTalliesRequest:
    """Return the question for a monitor's tallies."""
    return monitor_pb2.ExportTalliesRequest(
        monitor=check_text(monitor, "monitor"),
        model=check_text(model, "model"),
        window=check_text(window, "window"),
    )


def _seconds(given: object, field: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise InvalidInputError.at(field, repr(given), "seconds")
    return given


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
