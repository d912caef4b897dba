"""What is administrative is written down before it is done, and never a token."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from boxgauge.client import AsyncMonitorClient
from boxgauge.frames import AlreadyExistsError, InvalidInputError, UnavailableError
from boxgauge.server.app import App
from boxgauge.server.journal import Journal
from boxgauge.server.security.access import Access
from boxgauge.server.security.audit import DENIED_A_SECOND, Audit
from boxgauge.server.security.denials import Denials
from boxgauge.server.security.guarded_call import GuardedCall
from boxgauge.server.security.rules import RULES
from boxgauge.server.security.telemetry import SecurityTelemetry
from boxgauge.server.service.admin import AdminService
from boxgauge.server.settings import read_settings
from boxgauge.v1 import admin_pb2
from tests.server.conftest import Serve
from tests.server.security.conftest import TokensFile, until, value_of

CLASSES = {1: "cat"}


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_administrative_calls_are_written_down_with_who_what_and_outcome(
    serve: Serve, tokens: TokensFile, tmp_path: Path
) -> None:
    log = tmp_path / "audit"
    token = tokens.add("admin,read", "*")
    who = f"token:{token.split('_')[1]}"
    async with (
        serve(tokens=tokens.path, audit_log=log) as (app, _),
        AsyncMonitorClient(app.address, token=token) as client,
    ):
        await client.create_monitor("street", CLASSES)
        with pytest.raises(AlreadyExistsError):
            await client.create_monitor("street", {2: "dog"})
        await client.reset_monitor("street")
        await client.list_monitors()
        await client.delete_monitor("street")
    found = records(log)
    shown = [(each["event"], each["method"].split("/")[1], each.get("outcome")) for each in found]
    assert shown == [
        ("begin", "CreateMonitor", None),
        ("end", "CreateMonitor", "OK"),
        ("begin", "CreateMonitor", None),
        ("end", "CreateMonitor", "ALREADY_EXISTS"),
        ("begin", "ResetMonitor", None),
        ("end", "ResetMonitor", "OK"),
        ("begin", "DeleteMonitor", None),
        ("end", "DeleteMonitor", "OK"),
    ]
    for begin, end in zip(found[::2], found[1::2], strict=True):
        assert begin["call"] == end["call"]
    for each in found:
        assert (each["monitor"], each["who"]) == ("street", who)
        assert each["peer"].startswith("ipv4:127.0.0.1:")
        assert each["time"].endswith("+00:00")
    assert len({each["call"] for each in found}) == 4
    assert token.split("_", 2)[2] not in log.read_text()


async def test_a_backup_that_is_closed_between_two_answers_was_cancelled(tmp_path: Path) -> None:
    """As gRPC does where a client leaves without reading: no fault of the service's."""
    log, method = tmp_path / "audit", "boxgauge.v1.AdminService/BackupJournal"
    journal = await Journal.open(tmp_path / "journal")
    access = Access(None, needs_certificate=False)
    audit = Audit(log, lambda: None)
    call = GuardedCall(
        method=method,
        rule=RULES[method],
        caller=access.by_headers(()),
        context=SimpleNamespace(peer=lambda: "ipv4:127.0.0.1:1"),
        access=access,
        audit=audit,
        denials=Denials(audit, SecurityTelemetry(CollectorRegistry())),
    )
    backup = AdminService(journal, asyncio.Event()).BackupJournal
    answers = call.answers(backup, admin_pb2.BackupJournalRequest())
    assert (await anext(answers)).size_bytes
    await answers.aclose()
    await journal.close()
    begin, end = records(log)
    assert (begin["event"], end["event"], end["outcome"]) == ("begin", "end", "CANCELLED")


async def test_what_cannot_be_written_down_is_not_done(serve: Serve, tmp_path: Path) -> None:
    log = tmp_path / "audit"
    # A disk that is full: opening succeeds, writing does not.
    log.symlink_to("/dev/full")
    async with serve(audit_log=log) as (app, _), AsyncMonitorClient(app.address) as client:
        with pytest.raises(UnavailableError, match="the audit log cannot be written"):
            await client.create_monitor("street", CLASSES)
        assert await client.list_monitors() == ()
        assert value_of(app, "boxgauge_audit_failures_total") == 1
        log.unlink()
        await client.create_monitor("street", CLASSES)
    assert [each["event"] for each in records(log)] == ["begin", "end"]


async def test_without_a_file_records_go_to_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "boxgauge.audit")
    async with serve() as (_, calls):
        await calls.create("street")
    lines = [each.getMessage() for each in caplog.records if each.name == "boxgauge.audit"]
    assert [json.loads(each)["event"] for each in lines] == ["begin", "end"]
    assert {json.loads(each)["who"] for each in lines} == {"anybody"}


async def test_denied_calls_and_reloads_are_written_down(
    serve: Serve, tokens: TokensFile, tmp_path: Path
) -> None:
    log = tmp_path / "audit"
    token = tokens.add("read", "a")
    async with serve(tokens=tokens.path, audit_log=log, reload_interval_s=0.02) as (app, _):
        async with AsyncMonitorClient(app.address, token=token) as client:
            with pytest.raises(Exception, match="is needed"):
                await client.delete_monitor("street")
        async with AsyncMonitorClient(app.address) as client:
            with pytest.raises(Exception, match="is needed"):
                await client.list_monitors()
        tokens.add("read", "b")
        await until(lambda: any(each["event"] == "reload" for each in records(log)))
    denied, unknown, reload = records(log)
    assert denied["method"] == "boxgauge.v1.MonitorService/DeleteMonitor"
    assert (denied["event"], denied["outcome"]) == ("denied", "PERMISSION_DENIED")
    assert (denied["monitor"], denied["who"]) == ("street", f"token:{token.split('_')[1]}")
    assert (unknown["outcome"], unknown["who"]) == ("UNAUTHENTICATED", "unknown")
    assert (reload["what"], reload["words"]) == ("tokens", "2 are valid")


def test_denied_calls_are_written_up_to_a_rate_and_the_others_counted(tmp_path: Path) -> None:
    now_s = 1000.5
    log = tmp_path / "audit"
    audit = Audit(log, lambda: None, clock=lambda: now_s)
    for _ in range(3 * DENIED_A_SECOND):
        audit.denied(method="m")
    assert len(records(log)) == DENIED_A_SECOND
    now_s += 1
    audit.denied(method="m")
    audit.denied(method="m")
    last = records(log)[DENIED_A_SECOND:]
    assert [each.get("left_out") for each in last] == [2 * DENIED_A_SECOND, None]


def test_a_log_that_is_moved_away_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "audit"
    audit = Audit(log, lambda: None)
    audit.write("begin", monitor="a")
    log.rename(tmp_path / "audit.1")
    audit.write("begin", monitor="b" * 1000 + "\ud800")
    (found,) = records(log)
    assert found["monitor"] == "b" * 400
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_opened_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="BOXGAUGE_AUDIT_LOG must be writable"):
        App(read_settings(audit_log=tmp_path / "absent" / "audit"))


def test_tokens_that_cannot_be_relied_on_are_refused_at_the_start(tokens: TokensFile) -> None:
    path = tokens.path
    path.chmod(0o666)
    with pytest.raises(InvalidInputError, match="a file that not everybody may write"):
        App(read_settings(tokens=path))
    path.unlink()
    with pytest.raises(InvalidInputError, match="BOXGAUGE_TOKENS must be a file"):
        App(read_settings(tokens=path))
