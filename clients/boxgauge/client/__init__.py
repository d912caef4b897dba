"""Clients of the service, synchronous and asynchronous."""

from boxgauge.client.acknowledgements import Acknowledgement, RefusedFrame
from boxgauge.client.async_evaluation import AsyncEvaluationClient
from boxgauge.client.async_monitors import AsyncMonitorClient
from boxgauge.client.backups import AdminClient, Backup
from boxgauge.client.batches import ground_truth_batch, prediction_batch
from boxgauge.client.chunks import chunks
from boxgauge.client.comparisons import Comparison, StatisticDifference
from boxgauge.client.feed import AsyncFeed, Feed, FeedCounters, FeedOptions
from boxgauge.client.messages import Batch, ground_truth_batches, prediction_batches
from boxgauge.client.monitor_settings import DriftSettings, MonitorSettings, RingSettings
from boxgauge.client.monitors import Monitor
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
from boxgauge.client.reports import (
    ClassStatistics,
    EvaluationResult,
    MeanLosses,
    MonitorReport,
    OperatingPoint,
    Report,
)
from boxgauge.client.settings import EvaluationSettings
from boxgauge.client.sync_evaluation import EvaluationClient
from boxgauge.client.sync_monitors import MonitorClient
from boxgauge.client.tallies import ExportedTally

__all__ = [
    "Acknowledgement",
    "AdminClient",
    "AsyncEvaluationClient",
    "AsyncFeed",
    "AsyncMonitorClient",
    "Backup",
    "Batch",
    "Calibration",
    "ClassStatistics",
    "Comparison",
    "Drift",
    "DriftFeature",
    "DriftSettings",
    "Estimate",
    "EvaluationClient",
    "EvaluationResult",
    "EvaluationSettings",
    "ExportedTally",
    "Feed",
    "FeedCounters",
    "FeedOptions",
    "Interval",
    "LabelDelay",
    "LossSummary",
    "MeanLosses",
    "Monitor",
    "MonitorClient",
    "MonitorReport",
    "MonitorSettings",
    "OperatingPoint",
    "PrecisionCurve",
    "RefusedFrame",
    "Report",
    "RingSettings",
    "ScorePoint",
    "SourceCount",
    "StatisticDifference",
    "StatisticIntervals",
    "Window",
    "WorstImage",
    "chunks",
    "ground_truth_batch",
    "ground_truth_batches",
    "prediction_batch",
    "prediction_batches",
]
