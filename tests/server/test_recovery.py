"""What a service does at its start with a journal that is whole, damaged, or none."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from boxgauge.frames import DataLossError
from boxgauge.server.app import App
from boxgauge.server.journal import Progress
from boxgauge.server.recovery import progress_line
from boxgauge.server.settings import read_settings
from boxgauge.v1 import monitor_pb2
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, truths
from tests.server.conftest import Serve

KINDS = {"exact": monitor_pb2.TALLY_KIND_EXACT, "sketch": monitor_pb2.TALLY_KIND_SKETCH}


async def reports(calls: Calls, names: Sequence[str] = tuple(KINDS)) -> dict[str, Any]:
    found = {}
    for name in names:
        report = (await calls.monitors.GetReport(monitor_pb2.GetReportRequest(monitor=name))).report
        report.ClearField("age_s")
        found[name] = report
    return found


async def fill(calls: Calls) -> dict[str, Any]:
    for name, kind in KINDS.items():
        await calls.create(name, monitor_pb2.MonitorSettings(tally=kind))
        await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)), monitor=name)
    return await reports(calls)


def value(app: App, name: str) -> float:
    line = next(x for x in app.telemetry.text().decode().splitlines() if x.startswith(f"{name} "))
    return float(line.split()[1])


def changed(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


async def test_a_start_tells_what_it_has_verified_and_replayed(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with serve(journal=tmp_path / "journal") as (_, calls):
        before = await fill(calls)
    async with serve(journal=tmp_path / "journal") as (app, calls):
        assert await reports(calls) == before
        assert value(app, "boxgauge_recovery_verified_rows") > 2 * 2 * len(PREDICTIONS)
        assert value(app, "boxgauge_recovery_replayed_changes") == len(PREDICTIONS)
        assert value(app, "boxgauge_recovery_seconds") > 0
        assert value(app, "boxgauge_journal_lost_rows") == 0
    assert "rows of the journal" in caplog.text
    assert "monitor exact is back after 4 changes" in caplog.text


@pytest.mark.parametrize(
    "damage", ["UPDATE parts SET value = x'00'", "UPDATE parts SET part = part || 'x'"]
)
async def test_tallies_are_made_anew_where_a_checkpoint_is_damaged(
    serve: Serve, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "journal"
    async with serve(journal=path) as (_, calls):
        before = await fill(calls)
    changed(path, damage)
    async with serve(journal=path) as (app, calls):
        assert await reports(calls) == before, "from the frames, to the last bit"
        assert value(app, "boxgauge_journal_lost_rows") == 0
    async with serve(journal=path) as (app, calls):
        assert await reports(calls) == before
        assert value(app, "boxgauge_recovery_replayed_changes") == len(PREDICTIONS)


async def test_a_journal_with_a_cut_log_is_refused_or_served_as_the_rest_would_be(
    serve: Serve, tmp_path: Path
) -> None:
    path, cut = tmp_path / "journal", tmp_path / "cut" / "journal"
    cut.parent.mkdir()
    async with serve(journal=path) as (_, calls):
        await fill(calls)
        before = await reports(calls)
        await calls.observe(predictions({9: [(1, 0, 0, 9, 9, 0.5)]}), monitor="sketch")
        for suffix in ("", "-wal", "-mark"):
            shutil.copyfile(f"{path}{suffix}", f"{cut}{suffix}")
    log = cut.with_name("journal-wal")
    log.write_bytes(log.read_bytes()[:-1])
    with pytest.raises(DataLossError, match=r"commits \d+ are missing, the sequence numbers"):
        async with serve(journal=cut):
            pytest.fail("it started")
    async with serve(journal=cut, accept_loss=True) as (app, calls):
        assert await reports(calls) == before
        assert value(app, "boxgauge_journal_lost_rows") == 2  # a side and its change
    async with serve(journal=cut) as (app, _):
        assert value(app, "boxgauge_journal_lost_rows") == 2


async def test_what_cannot_be_kept_is_said_loudly(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(ephemeral=True):
        (record,) = [each for each in caplog.records if "EPHEMERAL" in each.getMessage()]
        assert record.levelname == "WARNING"


def test_a_service_keeps_a_journal_unless_told_otherwise() -> None:
    settings = read_settings()
    assert (settings.journal, settings.ephemeral) == (Path("boxgauge.journal"), False)


def test_progress_is_one_line() -> None:
    assert progress_line(Progress(1000, 5000, 2.0)) == (
        "verified 1000 rows of the journal, 500 a second, 4000 remain, about 8 s"
    )
    assert progress_line(Progress(10, 10, 0.0)).endswith("0 a second, 0 remain")
