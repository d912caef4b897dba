"""Reports asked for at any moment of another one's computation."""

import asyncio

from boxgauge.server.app import App
from boxgauge.server.monitor.reports import MonitorReport
from boxgauge.server.wire.frames_in import arrivals
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
