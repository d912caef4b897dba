"""What the service measures of itself is what happened: queues, runs, commits, the loop."""

import asyncio
import resource
import time
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import aio
from prometheus_client import CollectorRegistry

from boxgauge.server.app import App
from boxgauge.server.monitor.line import Line
from boxgauge.server.observability.executor import ObservedExecutor
from boxgauge.server.observability.loop_lag import INTERVAL_S, watch_loop
from boxgauge.server.recovery import opened_journal
from boxgauge.server.settings import read_settings
from boxgauge.server.telemetry import Telemetry
from boxgauge.server.workings import QUEUES
from boxgauge.v1 import monitor_pb2
from tests.server.calls import PREDICTIONS, TRUTHS, Calls, both, predictions, truths
from tests.server.conftest import Serve
from tests.server.test_metrics import samples


def totals(app: App) -> dict[str, float]:
    """Return the series without labels by name, and those of queues by name and queue."""
    found = {}
    for name, of in samples(app.telemetry.text()).items():
        for labels, value in of.items():
            if set(dict(labels)) <= {"queue"}:
                found[" ".join([name, *dict(labels).values()])] = value
    return found


async def test_a_message_leaves_its_sizes_and_times(serve: Serve) -> None:
    async with serve(checkpoint_interval_s=3600) as (app, calls):
        await calls.create()
        before = totals(app)
        started = time.perf_counter()
        await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
        took = time.perf_counter() - started
        found = {name: value - before.get(name, 0) for name, value in totals(app).items()}
    assert found["boxgauge_message_seconds_count"] == 1
    assert 0 < found["boxgauge_message_seconds_sum"] < took
    assert found["boxgauge_message_images_sum"] == 8
    assert found["boxgauge_matching_images_sum"] == 4
    assert found["boxgauge_matching_pairs_sum"] == 3 * 2 + 2 * 1 + 0 + 1 * 2
    for queue in QUEUES:
        assert found[f"boxgauge_queue_seconds_count {queue}"] >= 1, queue
        assert 0 <= found[f"boxgauge_queue_seconds_sum {queue}"] < took, queue
    assert found["boxgauge_journal_commit_seconds_count"] == 1
    assert found["boxgauge_journal_commit_calls_sum"] == 1
    assert found["boxgauge_journal_commit_rows_sum"] >= 16, "sides and the index of them"
    sync, commit = (found[f"boxgauge_journal_{each}_seconds_sum"] for each in ("sync", "commit"))
    assert 0 < sync <= commit < took


async def test_messages_that_wait_together_are_matched_and_committed_together(
    serve: Serve,
) -> None:
    frames = [both(predictions({k: []}), truths({k: [(1, 0, 0, 9, 9)]})) for k in range(64)]
    async with serve(checkpoint_interval_s=3600) as (app, calls):
        await calls.create()
        before = totals(app)
        await asyncio.gather(*(calls.observe(*frames[k::8]) for k in range(8)))
        found = {name: value - before.get(name, 0) for name, value in totals(app).items()}
    assert found["boxgauge_message_seconds_count"] == 64
    assert found["boxgauge_matching_images_sum"] == 64
    calls_made = found["boxgauge_journal_commit_calls_sum"]
    assert found["boxgauge_journal_commit_seconds_count"] <= calls_made < 64
    assert found["boxgauge_queue_seconds_count journal"] == calls_made


async def test_calls_under_way_are_counted_until_they_end(app: App, calls: Calls) -> None:
    def under_way() -> float:
        of = samples(app.telemetry.text()).get("boxgauge_rpcs_in_flight", {})
        return of.get((("method", "boxgauge.v1.MonitorService/Observe"),), 0)

    await calls.create()
    observing = calls.monitors.Observe()
    await observing.write(monitor_pb2.ObserveRequest(monitor="cam", frames=truths({1: []})))
    assert (await observing.read()).accepted == 1
    assert under_way() == 1
    await observing.done_writing()
    assert await observing.read() is aio.EOF
    async with asyncio.timeout(10):
        while under_way():  # noqa: ASYNC110 (a call ends just after its last answer)
            await asyncio.sleep(0.005)


async def test_a_disk_that_refuses_shows_until_it_takes_writes_again(
    serve: Serve, tmp_path: Path
) -> None:
    """SQLite refuses to let the file grow, with the error that a full disk gives."""
    many = truths({1: [(1, 0, 0, 9, 9)] * 5000})
    async with serve(journal=tmp_path / "journal.db") as (app, calls):
        await calls.create()
        assert totals(app)["boxgauge_journal_writable"] == 1
        journal: Any = app.book._around.journal

        async def at_most(pages: int) -> None:
            sql = f"PRAGMA max_page_count = {pages}"
            await journal._do(lambda store: store.connection.execute(sql).fetchone())

        await at_most(1)
        with pytest.raises(aio.AioRpcError) as refused:
            await calls.observe(many)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert totals(app)["boxgauge_journal_writable"] == 0
        await at_most(2**30)
        assert (await calls.observe(many))[0].accepted == 1
        assert totals(app)["boxgauge_journal_writable"] == 1


async def test_before_the_journal_is_open_nothing_says_that_it_is_not_written(
    tmp_path: Path,
) -> None:
    """A verification of minutes is no failed disk: the alert is on 0, and absent is not 0."""
    telemetry = Telemetry(CollectorRegistry())
    for text in (telemetry.text(), telemetry.open_metrics()):
        assert b"boxgauge_journal_writable" not in text
    settings = read_settings(journal=tmp_path / "journal.db")
    journal = await opened_journal(settings, telemetry)
    try:
        assert samples(telemetry.text())["boxgauge_journal_writable"] == {(): 1}
    finally:
        await journal.close()


async def test_a_restart_tells_what_it_brought_back(serve: Serve, tmp_path: Path) -> None:
    journal = tmp_path / "journal.db"
    async with serve(journal=journal, checkpoint_interval_s=3600) as (app, calls):
        assert totals(app)["boxgauge_recovery_replayed_changes"] == 0
        await calls.create()
        await calls.observe(both(predictions(PREDICTIONS), truths(TRUTHS)))
        # As after a crash: no checkpoint is written on the way out.
        monitor: Any = app.book.get("cam")
        monitor.keep = lambda: asyncio.sleep(0)
    async with serve(journal=journal) as (app, calls):
        found = totals(app)
        assert found["boxgauge_recovery_replayed_changes"] == 4
        assert found["boxgauge_recovery_seconds"] > 0
        assert (await calls.report()).images == 4


async def test_a_loop_that_is_blocked_is_late_by_as_much() -> None:
    late: list[float] = []
    watching = asyncio.create_task(watch_loop(late.append))
    await asyncio.sleep(0)
    time.sleep(INTERVAL_S + 0.2)  # noqa: ASYNC251 (what is not to happen, on purpose)
    async with asyncio.timeout(10):
        while not late:  # noqa: ASYNC110 (a list has no event)
            await asyncio.sleep(0.005)
    watching.cancel()
    assert late[0] >= 0.19


def test_work_beyond_the_threads_waits_and_that_is_told() -> None:
    waited: list[float] = []
    with ObservedExecutor(1, waited.append) as pool:
        first = pool.submit(time.sleep, 0.1)
        second = pool.submit(lambda: 7)
        assert second.result() == 7
        assert first.done()
    assert len(waited) == 2
    assert waited[1] >= 0.09


async def test_who_waits_for_its_turn_is_told_how_long() -> None:
    waited: list[float] = []
    line = Line(waited.append)
    first, second = line.place(), line.place()
    with second:
        with first:
            await first.turn()
            turn = asyncio.create_task(second.turn())
            await asyncio.sleep(0.05)
            assert len(waited) == 1
        await turn
    assert waited[1] >= 0.04


def test_the_process_is_measured(app: App) -> None:
    found = totals(app)
    assert found["process_open_fds"] > 3
    assert found["process_max_fds"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert found["process_resident_memory_bytes"] > 10 * 2**20
    assert found["process_cpu_seconds_total"] > 0
