"""Requests, built once for both kinds of client."""

from collections.abc import Mapping, Sequence

from boxgauge.client.batches import Batch, to_message
from boxgauge.client.settings import EvaluationSettings, class_messages, evaluation_message
from boxgauge.v1 import evaluation_pb2, monitor_pb2


def observe_request(
    monitor: str, model: str, sequence: int, batches: Batch | Sequence[Batch]
) -> monitor_pb2.ObserveRequest:
    """Return one message of an observed stream."""
    return monitor_pb2.ObserveRequest(
        monitor=monitor, model=model, sequence=sequence, frames=to_message(batches)
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
