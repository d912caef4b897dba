"""A backup of a service that takes frames is the journal at one sequence number."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from grpc import aio

from boxgauge.client import AdminClient
from boxgauge.frames import (
    DataLossError,
    FailedPreconditionError,
    InvalidInputError,
    ResourceExhaustedError,
)
from boxgauge.server.app import App
from boxgauge.server.service.admin import AdminService
from boxgauge.v1 import admin_pb2, admin_pb2_grpc, frames_pb2, monitor_pb2
from tests.server.calls import Calls, both, predictions, truths
from tests.server.conftest import Serve

KINDS = {"exact": monitor_pb2.TALLY_KIND_EXACT, "sketch": monitor_pb2.TALLY_KIND_SKETCH}
IMAGES, MOST = 4, 150  # of one message; messages of one monitor
NOW_US = time.time_ns() // 1000


def message(k: int) -> frames_pb2.Frames:
    """Return both sides of some images, other ones for each number."""
    ids = range(IMAGES * k, IMAGES * (k + 1))
    found = {n: [(1, 5 + n % 3, 5, 20, 20, (n * 37 % 101) / 101)] for n in ids}
    labels = {n: [(1, 5, 5, 20, 20 + n % 5)] for n in ids}
    times = {n: NOW_US - 3_600_000_000 + n * 1000 for n in ids}
    return both(predictions(found, times_us=times), truths(labels))


async def create(calls: Calls) -> None:
    for name, kind in KINDS.items():
        await calls.create(name, monitor_pb2.MonitorSettings(tally=kind))


async def reports(calls: Calls) -> dict[str, Any]:
    """Return what is reported of each monitor, but for when its labels and the report came."""
    found = {}
    for name in KINDS:
        report = (await calls.monitors.GetReport(monitor_pb2.GetReportRequest(monitor=name))).report
        for field in ("label_delay", "age_s"):
            report.ClearField(field)
        found[name] = report
    return found


async def send(calls: Calls, stopped: asyncio.Event) -> int:
    """Send messages to both monitors until told to stop; return how many were acknowledged."""
    sent = 0

    async def requests(name: str) -> AsyncIterator[monitor_pb2.ObserveRequest]:
        nonlocal sent
        for k in range(MOST):
            if not stopped.is_set():
                yield monitor_pb2.ObserveRequest(monitor=name, model="m", frames=message(k))

    async def stream(name: str) -> int:
        taken = 0
        async for answer in calls.monitors.Observe(requests(name)):
            assert answer.accepted == 2 * IMAGES
            taken += 1
        return taken

    return sum(await asyncio.gather(*map(stream, KINDS)))


async def test_a_backup_under_load_is_the_journal_at_one_sequence_number(
    serve: Serve, tmp_path: Path
) -> None:
    copy, stopped = tmp_path / "backup.db", asyncio.Event()
    async with serve(journal=tmp_path / "journal", checkpoint_interval_s=0.05) as (app, calls):
        await create(calls)
        sending = asyncio.create_task(send(calls, stopped))
        monitor = app.book.get("sketch")
        while monitor.labelled_images < 40:
            await monitor.change_after(monitor.version)
        with AdminClient(app.address) as client:
            made = await asyncio.to_thread(client.backup, copy)
        stopped.set()
        taken = await sending
        assert sum(app.book.get(name).labelled_images for name in KINDS) == taken * IMAGES
    assert made.size == copy.stat().st_size
    async with serve(journal=copy) as (app, calls):
        counts = {name: app.book.get(name).labelled_images for name in KINDS}
        restored = await reports(calls)
    assert 40 <= counts["sketch"] <= taken * IMAGES
    async with serve() as (_, calls):
        await create(calls)
        for name, images in counts.items():
            assert images % IMAGES == 0, "a message is there as a whole or not at all"
            some = [message(k) for k in range(images // IMAGES)]
            await calls.observe(*some, monitor=name)
        assert await reports(calls) == restored, "to the last bit"


async def test_backups_follow_each_other_but_never_at_a_time(serve: Serve, tmp_path: Path) -> None:
    async with serve(journal=tmp_path / "journal") as (app, calls):
        await create(calls)
        with AdminClient(app.address) as client:
            async with app.journal.snapshot():
                with pytest.raises(ResourceExhaustedError, match="one backup at a time"):
                    await asyncio.to_thread(client.backup, tmp_path / "second")
            await asyncio.to_thread(client.backup, tmp_path / "third")
            with pytest.raises(InvalidInputError, match="does not exist yet"):
                await asyncio.to_thread(client.backup, tmp_path / "third")
    assert sorted(each.name for each in tmp_path.iterdir()) == [  # noqa: ASYNC240 (as above)
        *("journal", "journal-mark", "third")
    ]


async def test_without_a_file_there_is_no_backup(app: App, tmp_path: Path) -> None:
    with AdminClient(app.address) as client, pytest.raises(FailedPreconditionError):
        await asyncio.to_thread(client.backup, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 (nothing else runs)


async def test_a_backup_that_lets_the_log_grow_too_far_is_ended(
    serve: Serve, tmp_path: Path
) -> None:
    async with serve(journal=tmp_path / "journal") as (app, calls):
        await create(calls)
        service = AdminService(app.journal, asyncio.Event(), max_log_bytes=100_000)
        backup = service.BackupJournal(admin_pb2.BackupJournalRequest(), None)
        assert (await anext(backup)).size_bytes
        for k in range(10):
            await calls.observe(message(k), monitor="sketch")
        with pytest.raises(ResourceExhaustedError, match="read faster"):
            await anext(backup)
        await calls.observe(message(10), monitor="sketch")
        assert app.journal.log_bytes < 2_000_000
        async with app.journal.snapshot() as snapshot:
            assert snapshot.number


@pytest.mark.parametrize("fault", ["cut", "changed"])
async def test_a_backup_that_does_not_come_whole_is_refused_and_leaves_nothing(
    fault: str, tmp_path: Path
) -> None:
    class Broken(admin_pb2_grpc.AdminServiceServicer):
        async def BackupJournal(  # noqa: N802 (gRPC's name)
            self, request: object, context: object
        ) -> AsyncIterator[admin_pb2.BackupJournalResponse]:
            yield admin_pb2.BackupJournalResponse(size_bytes=4, number=1)
            yield admin_pb2.BackupJournalResponse(part=b"1234")
            if fault == "changed":
                yield admin_pb2.BackupJournalResponse(digest=bytes(32))

    server = aio.server()
    add: Any = admin_pb2_grpc.add_AdminServiceServicer_to_server
    add(Broken(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        with (
            AdminClient(f"127.0.0.1:{port}") as client,
            pytest.raises(DataLossError, match="digest"),
        ):
            await asyncio.to_thread(client.backup, tmp_path / "backup")
    finally:
        await server.stop(0)
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 (nothing else runs)
