"""Clients of the service, synchronous and asynchronous."""

from boxgauge.client.acknowledgements import Acknowledgement, RefusedFrame
from boxgauge.client.async_clients import AsyncEvaluationClient, AsyncMonitorClient
from boxgauge.client.batches import Batch, ground_truth_batch, prediction_batch
from boxgauge.client.chunks import chunks
from boxgauge.client.monitors import Monitor
from boxgauge.client.reports import (
    ClassStatistics,
    EvaluationResult,
    MeanLosses,
    MonitorReport,
    OperatingPoint,
    Report,
)
from boxgauge.client.settings import EvaluationSettings
from boxgauge.client.sync_clients import EvaluationClient, MonitorClient

__all__ = [
    "Acknowledgement",
    "AsyncEvaluationClient",
    "AsyncMonitorClient",
    "Batch",
    "ClassStatistics",
    "EvaluationClient",
    "EvaluationResult",
    "EvaluationSettings",
    "MeanLosses",
    "Monitor",
    "MonitorClient",
    "MonitorReport",
    "OperatingPoint",
    "RefusedFrame",
    "Report",
    "chunks",
    "ground_truth_batch",
    "prediction_batch",
]
