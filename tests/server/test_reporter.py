"""Reports asked for at any moment of another one's computation."""

import asyncio

from boxgauge.server.app import App
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.wire.frames_in import arrivals
from boxgauge.v1 import monitor_pb2
from tests.server.calls import Calls, predictions


async def test_a_report_asked_for_as_another_ends_is_computed_and_blocks_nobody(
    app: App, calls: Calls
) -> None:
    await calls.create()
    monitor = app.book.get("cam")

    async def change(image: int) -> None:
        await monitor.observe("m", arrivals(predictions({image: []})))

    async def change_and_ask() -> MonitorReport:
        await change(3)
        return await monitor.report("m")

    await change(1)
    await monitor.report("m")
    await change(2)
    first = asyncio.create_task(monitor.report("m"))
    await asyncio.sleep(0)  # the first has begun a computation, which takes one turn of the loop
    # Its turn comes right after: the computation is done, and has not said so yet.
    second = asyncio.create_task(change_and_ask())
    assert (await first).predicted_images == 2
    assert (await second).predicted_images == 3


async def test_a_slice_that_still_holds_is_not_computed_again(app: App, calls: Calls) -> None:
    by_camera = [monitor_pb2.SliceKey(key="camera")]
    await calls.create(asked=monitor_pb2.MonitorSettings(slices=by_camera))
    images: list[int | str] = [*range(40)]
    tags = {"camera": {k: f"{k:02d}" for k in images}}
    (answer,) = await calls.observe(predictions({k: [] for k in images}, tags=tags))
    assert answer.accepted == 40
    await app.book.refresh()
    made = _reports_made(app)
    await app.book.refresh()
    assert _reports_made(app) == made
    # One that only was exported is made for who asks, and kept for who asks again.
    monitor = app.book.get("cam")
    asked = [await monitor.report("m", slice_="camera=07") for _ in range(2)]
    assert [each.predicted_images for each in asked] == [1, 1]
    assert _reports_made(app) == made + 1


def _reports_made(app: App) -> float:
    lines = app.telemetry.text().decode().splitlines()
    (line,) = (each for each in lines if each.startswith("boxgauge_report_seconds_count"))
    return float(line.split()[1])
