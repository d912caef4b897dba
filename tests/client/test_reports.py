"""Reports, comparisons and tallies say all that the contract carries, and nothing else."""

from dataclasses import asdict
from typing import Any

import pytest

from boxgauge.client import AsyncMonitorClient, MonitorClient, Report
from boxgauge.client.comparisons import comparison_from
from boxgauge.client.monitors import monitor_from
from boxgauge.client.reports import STATISTICS, report_from
from boxgauge.frames import InvalidInputError, UnavailableError
from boxgauge.v1 import monitor_pb2, report_pb2

from .conftest import Peer
from .filled import filled, plain

KNOWN = {field: name for name, field in STATISTICS.items()}


def expected_of(message: report_pb2.Report) -> dict[str, Any]:
    """Return what a report is to say, told from the message alone."""
    found: dict[str, Any] = plain(message)
    found["statistics"] = {KNOWN[name]: value for name, value in found["statistics"].items()}
    found["intervals"] = {
        KNOWN.get(each.pop("name"), "?"): each for each in map(dict, found["intervals"])
    }
    found["classes"] = tuple(
        {**each.pop("object_class"), **each} for each in map(dict, found["classes"])
    )
    return found


def tupled(value: Any) -> Any:  # noqa: ANN401
    """Return plain values with tuples for lists, as `plain` has them."""
    if isinstance(value, dict):
        return {key: tupled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(map(tupled, value))
    return value


def full_report() -> report_pb2.Report:
    message = filled(report_pb2.Report)
    for each, name in zip(message.intervals, ("ap", "ar_large"), strict=True):
        each.name = name
    return message


def test_no_field_of_a_report_is_left_out() -> None:
    message = full_report()
    assert tupled(asdict(report_from(message))) == expected_of(message)


def test_what_is_absent_is_none() -> None:
    report = report_from(report_pb2.Report())
    absent = ("window", "best_threshold", "calibration", "label_delay", "drift", "estimate")
    assert [getattr(report, name) for name in absent] == [None] * len(absent)
    assert set(report.statistics.values()) == {None}
    assert report.intervals == {}
    message = report_pb2.Report(classes=[report_pb2.ClassStatistics()])
    (each,) = report_from(message).classes
    assert (each.ap_certified, each.ap_confidence, each.best_threshold) == (None, None, None)


def test_a_zero_is_not_absent() -> None:
    message = report_pb2.Report(estimate=report_pb2.Estimate(ap50=0.0))
    estimate = report_from(message).estimate
    assert estimate is not None
    assert (estimate.ap50, estimate.precision) == (0.0, None)


def test_no_field_of_a_comparison_is_left_out() -> None:
    message = filled(report_pb2.Comparison)
    message.statistics[0].name, message.statistics[1].name = "ap", "ap50"
    found = asdict(comparison_from(message))
    expected = plain(message)
    expected["statistics"] = {
        KNOWN[each.pop("name")]: each for each in map(dict, expected["statistics"])
    }
    assert tupled(found) == tupled(expected)


def test_what_a_monitor_holds_is_said() -> None:
    monitor = monitor_from(filled(monitor_pb2.Monitor))
    assert len(monitor.outcomes) == len(monitor.slices) == len(monitor.models) == 2
    assert monitor.watermark_us > 0
    assert monitor.tally_bytes > 0
    assert monitor.settings.drift.level > 0


def asked(peer: Peer) -> Any:  # noqa: ANN401
    return peer.requests[-1]


async def test_what_is_asked_for_is_sent(peer: Peer) -> None:
    peer.report = full_report()
    where = {"model": "m", "window": "1h", "slice": "camera=north"}
    expected = report_from(peer.report)
    with MonitorClient(peer.address) as client:
        assert client.get_report("cam", **where, max_age_s=2.5).report == expected
        assert plain(asked(peer)) == {"monitor": "cam", **where, "max_age_s": 2.5}
        watched = list(client.watch_report("cam", **where, interval_s=0.5))
        assert [each.report for each in watched] == [expected] * 3
        assert plain(asked(peer)) == {"monitor": "cam", **where, "interval_s": 0.5}
    async with AsyncMonitorClient(peer.address) as aclient:
        assert (await aclient.get_report("cam", **where, max_age_s=2.5)).report == expected
        assert plain(asked(peer)) == {"monitor": "cam", **where, "max_age_s": 2.5}
        assert [each.report async for each in aclient.watch_report("cam", **where)] == [
            expected
        ] * 3


async def test_models_are_compared(peer: Peer) -> None:
    peer.comparison = filled(report_pb2.Comparison)
    where = {"window": "1h", "slice": "camera=north"}
    question = {"monitor": "cam", "champion": "v1", "challenger": "v2", **where}
    with MonitorClient(peer.address) as client:
        assert client.compare_models("cam", "v1", "v2", **where) == comparison_from(peer.comparison)
        assert plain(asked(peer)) == question
    async with AsyncMonitorClient(peer.address) as aclient:
        found = await aclient.compare_models("cam", "v1", "v2", **where)
        assert found == comparison_from(peer.comparison)
        assert plain(asked(peer)) == question


def part(model: str, content: bytes, *, is_last: bool) -> monitor_pb2.ExportTalliesResponse:
    return monitor_pb2.ExportTalliesResponse(
        model=model,
        slice="camera=north",
        window=report_pb2.Window(name="1h", from_us=1, until_us=2),
        part=content,
        is_last=is_last,
    )


async def test_tallies_are_put_together(peer: Peer) -> None:
    peer.parts = [
        part("a", b"one ", is_last=False),
        part("a", b"and ", is_last=False),
        part("a", b"two", is_last=True),
        part("b", b"", is_last=True),
    ]
    with MonitorClient(peer.address) as client:
        tallies = list(client.export_tallies("cam", model="a", window="1h"))
    assert [(each.model, each.content) for each in tallies] == [("a", b"one and two"), ("b", b"")]
    assert tallies[0].slice == "camera=north"
    assert tallies[0].window is not None
    assert tallies[0].window.name == "1h"
    assert plain(asked(peer)) == {"monitor": "cam", "model": "a", "window": "1h"}
    async with AsyncMonitorClient(peer.address) as aclient:
        assert [each async for each in aclient.export_tallies("cam")] == tallies


async def test_half_a_tally_is_none(peer: Peer) -> None:
    peer.parts = [part("a", b"whole", is_last=True), part("b", b"half", is_last=False)]
    with MonitorClient(peer.address) as client:
        tallies = client.export_tallies("cam")
        assert next(tallies).content == b"whole"
        with pytest.raises(UnavailableError, match="ended in the middle of a tally"):
            next(tallies)
    async with AsyncMonitorClient(peer.address) as aclient:
        with pytest.raises(UnavailableError, match="ended in the middle of a tally"):
            _ = [each async for each in aclient.export_tallies("cam")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"window": 1}, "window must be a text: got 1"),
        ({"slice": None}, "slice must be a text: got None"),
        ({"max_age_s": "1"}, "max_age_s must be seconds: got '1'"),
        ({"max_age_s": True}, "max_age_s must be seconds: got True"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(
    peer: Peer, given: dict[str, Any], message: str
) -> None:
    with (
        MonitorClient(peer.address) as client,
        pytest.raises(InvalidInputError, match=f"^{message}"),
    ):
        client.get_report("cam", **given)


def test_a_report_can_be_made_as_before() -> None:
    names = ("statistics", "classes", "operating_point", "losses", "images", "notes")
    fields = list(Report.__dataclass_fields__)
    assert [name for name in fields if name in names] == list(names)
    assert fields.index("window") > fields.index("notes")
