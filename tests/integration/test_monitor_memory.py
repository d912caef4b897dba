"""A monitor's old buckets: packed by the service, and said as before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from boxgauge.engine import Engine
from boxgauge.v1 import monitor_pb2, report_pb2
from tests.integration.monitor_world import (
    BEGIN,
    MINUTE,
    SKETCH,
    TRUTH,
    Service,
    Side,
    frames_of,
    settings,
)

PREDICTIONS = tuple((1 + k % 3, 4 * k, 4 * k, 40, 40, (90 - k) / 100) for k in range(20))
TRUTHS = tuple((1 + k % 3, 4 * k, 4 * k, 40, 36) for k in range(0, 20, 2))


@pytest.fixture(params=["in a file", "in memory"])
def service(
    request: pytest.FixtureRequest, engine: Engine, graphs_dir: Path, tmp_path: Path
) -> Iterator[Service]:
    journal = tmp_path / "journal" if request.param == "in a file" else None
    service = Service(engine, graphs_dir, journal)
    service.call(
        "CreateMonitor",
        monitor_pb2.CreateMonitorRequest(monitor=SKETCH, settings=settings(SKETCH)),
    )
    yield service
    service.close()


def tally_bytes(service: Service) -> int:
    answer = service.call("ListMonitors", monitor_pb2.ListMonitorsRequest())
    assert isinstance(answer, monitor_pb2.ListMonitorsResponse)
    (monitor,) = answer.monitors
    return monitor.tally_bytes


def report_of(service: Service) -> report_pb2.Report:
    request = monitor_pb2.GetReportRequest(monitor=SKETCH, model="a", window="all")
    answer = service.call("GetReport", request)
    assert isinstance(answer, monitor_pb2.GetReportResponse)
    return answer.report


def send(service: Service, image: int, minute: int, *, revision: int = 0) -> None:
    """Send both sides of an image; a revision has fewer predictions."""
    records = PREDICTIONS[revision:]
    predicted = Side(revision, records, time_us=BEGIN + minute * MINUTE, camera="1")
    service.observe(SKETCH, "a", frames_of("a", image, predicted))
    service.observe(SKETCH, TRUTH, frames_of(TRUTH, image, Side(0, TRUTHS)))


def test_what_is_old_takes_less_memory_after_a_checkpoint_and_says_the_same(
    service: Service,
) -> None:
    for k in range(60):
        send(service, k, 2 * k)
    before, said = tally_bytes(service), report_of(service)
    service.tend()
    assert tally_bytes(service) < before * 0.8
    # A correction of what is packed, and a report that has to be made anew.
    send(service, 5, 10, revision=1)
    corrected = report_of(service)
    assert corrected.images == said.images == 60
    assert corrected.detections == said.detections - 1
    service.tend()
    assert tally_bytes(service) < before * 0.8
