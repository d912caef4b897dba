"""A scripted peer: a real gRPC server that answers what a test tells it to.

The real service has its own tests; what is tried here is what it can hardly be made
to do on purpose, such as holding back an answer or breaking off.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from boxgauge.v1 import (
    evaluation_pb2,
    evaluation_pb2_grpc,
    monitor_pb2,
    monitor_pb2_grpc,
    report_pb2,
)
from tests.served import served

Observe = Callable[
    [Iterator[monitor_pb2.ObserveRequest], grpc.ServicerContext],
    Iterator[monitor_pb2.ObserveResponse],
]


def acknowledge(
    requests: Iterator[monitor_pb2.ObserveRequest], context: grpc.ServicerContext
) -> Iterator[monitor_pb2.ObserveResponse]:
    for request in requests:
        frames = [*request.frames.predictions, *request.frames.ground_truths]
        accepted = sum(len(batch.counts) for batch in frames)
        yield monitor_pb2.ObserveResponse(sequence=request.sequence, accepted=accepted)


@dataclass
class Peer(monitor_pb2_grpc.MonitorServiceServicer, evaluation_pb2_grpc.EvaluationServiceServicer):
    address: str = ""
    observe: Observe = acknowledge
    status: grpc.Status | None = None
    requests: list[object] = field(default_factory=list)
    report: report_pb2.Report = field(default_factory=report_pb2.Report)
    comparison: report_pb2.Comparison = field(default_factory=report_pb2.Comparison)
    parts: list[monitor_pb2.ExportTalliesResponse] = field(default_factory=list)
    evaluation: evaluation_pb2.EvaluateResponse = field(
        default_factory=evaluation_pb2.EvaluateResponse
    )

    def CreateMonitor(  # noqa: N802  # the contract's name
        self, request: monitor_pb2.CreateMonitorRequest, context: grpc.ServicerContext
    ) -> monitor_pb2.CreateMonitorResponse:
        self.requests.append(request)
        if self.status is not None:
            context.abort_with_status(self.status)
        made = monitor_pb2.Monitor(name=request.monitor, settings=request.settings)
        return monitor_pb2.CreateMonitorResponse(monitor=made)

    def Observe(  # noqa: N802  # the contract's name
        self, request_iterator: Iterator[monitor_pb2.ObserveRequest], context: grpc.ServicerContext
    ) -> Iterator[monitor_pb2.ObserveResponse]:
        return self.observe(request_iterator, context)

    def GetReport(  # noqa: N802  # the contract's name
        self, request: monitor_pb2.GetReportRequest, context: grpc.ServicerContext
    ) -> monitor_pb2.GetReportResponse:
        self.requests.append(request)
        return monitor_pb2.GetReportResponse(model="m", report=self.report)

    def WatchReport(  # noqa: N802  # the contract's name
        self, request: monitor_pb2.WatchReportRequest, context: grpc.ServicerContext
    ) -> Iterator[monitor_pb2.WatchReportResponse]:
        self.requests.append(request)
        for _ in range(3):
            yield monitor_pb2.WatchReportResponse(model="m", report=self.report)

    def CompareModels(  # noqa: N802  # the contract's name
        self, request: monitor_pb2.CompareModelsRequest, context: grpc.ServicerContext
    ) -> monitor_pb2.CompareModelsResponse:
        self.requests.append(request)
        return monitor_pb2.CompareModelsResponse(comparison=self.comparison)

    def ExportTallies(  # noqa: N802  # the contract's name
        self, request: monitor_pb2.ExportTalliesRequest, context: grpc.ServicerContext
    ) -> Iterator[monitor_pb2.ExportTalliesResponse]:
        self.requests.append(request)
        yield from self.parts

    def Evaluate(  # noqa: N802  # the contract's name
        self,
        request_iterator: Iterator[evaluation_pb2.EvaluateRequest],
        context: grpc.ServicerContext,
    ) -> evaluation_pb2.EvaluateResponse:
        if self.status is not None:
            context.abort_with_status(self.status)
        self.requests.extend(request_iterator)
        return self.evaluation


@pytest.fixture
def peer() -> Iterator[Peer]:
    served = Peer()
    server = grpc.server(ThreadPoolExecutor(4))
    monitor_pb2_grpc.add_MonitorServiceServicer_to_server(served, server)
    evaluation_pb2_grpc.add_EvaluationServiceServicer_to_server(served, server)
    served.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield served
    server.stop(None).wait()


@pytest.fixture(scope="session")
def target(graphs_dir: Path) -> Iterator[str]:
    with served(graphs_dir) as address:
        yield address
